//! How a problem looks: the message, the place, the line with a caret, and what to do.

use std::fmt;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DEFAULT_CONTEXT_STYLE};

use super::problem::{Problem, Severity};

impl Problem {
    /// The problem as people see it: message, place, the line with a caret, help. Several lines without a line end.
    /// Print the styled form by `anstream`, which removes colours where they do not belong.
    pub fn picture(&self, styled: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut title = level.primary_title(self.message.as_str());
        if let Some(code) = self.code {
            title = title.id(code);
        }
        let line = self.line.unwrap_or(1);
        let snippet = self.shown.as_ref().map(|shown| {
            let caret = AnnotationKind::Primary.span(shown.span.clone()).label(self.label.as_deref());
            Snippet::source(shown.text.as_str()).line_start(line).annotation(caret)
        });
        let help = self.help.as_ref().map(|help| Level::HELP.message(help.as_str()));
        let report = title.elements(snippet).elements(help);
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        self.insert_origin(&renderer.render(&[report]), line, styled)
    }

    /// Puts `--> file:line:column` under the title. The renderer would count the column in the text it shows, which
    /// is not the text of the file where strings are hidden.
    fn insert_origin(&self, rendered: &str, line: usize, styled: bool) -> String {
        let (title, rest) = rendered.split_once('\n').unwrap_or((rendered, ""));
        let margin = line.to_string().len();
        let arrow = format!("{:margin$}-->", "");
        let arrow =
            if styled { format!("{DEFAULT_CONTEXT_STYLE}{arrow}{DEFAULT_CONTEXT_STYLE:#}") } else { arrow };
        let gap = if rest.is_empty() { "" } else { "\n" };
        format!("{title}\n{arrow} {}{gap}{rest}", self.origin())
    }

    fn origin(&self) -> String {
        let file = self.file.display().to_string().replace(char::is_control, "?");
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            _ => file,
        }
    }
}

/// One line, for a log: `feedwatch.toml:3:7: message (help)`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin(), self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

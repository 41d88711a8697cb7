//! `redeliver`: puts deliveries back in the queue; works beside a running daemon.

use std::process::ExitCode;

use super::{Context, Failure, Outcome, output};
use crate::{
    app,
    config::Purpose,
    model::{AlertId, NotifierName},
    store::{RedeliverQuery, Store},
};

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true)))]
pub(super) struct Arguments {
    /// The alert whose deliveries are sent again, as `feedwatch alerts` shows it
    #[arg(group = "which")]
    id: Option<String>,
    /// Every delivery that was given up or held back
    #[arg(long, group = "which")]
    dead: bool,
    /// Only those of this notifier
    #[arg(long, value_name = "NAME")]
    notifier: Option<String>,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let config = context.config(Purpose::Look)?;
    let notifier = arguments.notifier.map(NotifierName::new);
    if let Some(name) = &notifier
        && !config.notify.notifiers.iter().any(|notifier| notifier.name == *name)
    {
        return Err(Failure::Usage(format!("there is no notifier {:?} in the configuration", name.as_str())));
    }
    let store = app::open_store_beside(&config.store).await?;
    let alert = arguments.id.map(AlertId::new);
    let query = RedeliverQuery { alert: alert.clone(), notifier };
    let Some(count) = store.redeliver(query).await? else {
        let id = alert.as_ref().map_or("", AlertId::as_str);
        return Err(Failure::Failed(anyhow::anyhow!(
            "there is no alert {id}; `feedwatch alerts` lists them"
        )));
    };
    if arguments.json {
        output::json(&serde_json::json!({ "redelivered": count }))?;
    } else {
        let deliveries = if count == 1 { "delivery" } else { "deliveries" };
        output::text(format!("{count} {deliveries} back in the queue\n"))?;
        if count == 0 {
            output::text(
                "what is delivered stays delivered, nobody is sent what was not for him; a notifier that left the \
                 configuration must come back first\n",
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

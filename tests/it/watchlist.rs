//! `check` on watchlists: each mistake of the language as people see it, with its code, its place and what to write
//! instead; and what is odd but works.

use insta::{Settings, assert_snapshot};

use crate::support::{Article, Config, Home, Site};

/// What keeps `check` from telling of other things.
const FEED: &str = "\n[[feed]]\nurl = \"http://127.0.0.1/\"\n";

/// Mistakes by code. Several of a code stand in one file, for all problems are told in one run.
const MISTAKES: [(&str, &str); 21] = [
    ("T001", "[[topic]]\nname = \"nothing to look for\"\nnot = [\"NFL\"]\n"),
    (
        "T002",
        "[[topic]]\nname = \"two ways\"\nquery = 'Patriot AND missile'\nany = [\"PAC-3\"]\nwithin = 5\n",
    ),
    (
        "T003",
        "[[topic]]\nname = \"a\"\nmaybe = [\"Patriot\"]\n\n[[topic]]\nname = \"b\"\nany = [\"PAC-3\"]\ncontext = [\"missile*\"]\n",
    ),
    (
        "T004",
        "[[topic]]\nname = \"F-35\"\nany = [\"F-35\"]\n\n[[topic]]\nname = \"F-35\"\nany = [\"Lightning II\"]\n",
    ),
    ("T005", "[[topic]]\nname = \"S-400\"\nanny = [\"S-400\"]\nany = [\"S-400\"]\n"),
    (
        "T006",
        "[[topic]]\nname = \"values\"\nany = []\nmaybe = [\"Patriot\"]\ncontext = [\"missile*\"]\nwithin = 1001\ncase = \"exactly\"\nfields = [\"titel\"]\n\n\
         [[topic]]\nname = \"words\"\nmaybe = [\"Patriot\"]\ncontext = [\"missile*\"]\nwithin = \"sentense\"\n",
    ),
    (
        "Q001",
        "[[topic]]\nname = \"a\"\nany = [\"S-400\", \"--\"]\n\n[[topic]]\nname = \"b\"\nquery = 'Iran AND \"\"'\n",
    ),
    ("Q002", "[[topic]]\nname = \"stars\"\nany = [\"*craft\", \"air*craft\", \"F*\"]\n"),
    (
        "Q003",
        "[[topic]]\nname = \"a\"\nquery = 'air defence AND Kyiv'\n\n[[topic]]\nname = \"b\"\nquery = 'sanctions and Iran'\n",
    ),
    (
        "Q004",
        "[[topic]]\nname = \"Turkey\"\nquery = 'sanctions AND Turkey OR Ankara'\n\n[[topic]]\nname = \"oil\"\nquery = 'oil OR gas NOT petrol'\n",
    ),
    (
        "Q005",
        "[[topic]]\nname = \"a\"\nquery = 'Iran AND (sanctions OR embargo'\n\n[[topic]]\nname = \"b\"\nquery = 'Iran AND sanctions)'\n\n\
         [[topic]]\nname = \"c\"\nquery = 'Iran AND ()'\n",
    ),
    (
        "Q006",
        "[[topic]]\nname = \"a\"\nquery = 'Iran AND \"air defence'\n\n[[topic]]\nname = \"b\"\nany = ['the \"Patriot missile']\n",
    ),
    (
        "Q007",
        "[[topic]]\nname = \"a\"\nquery = 'Iran AND OR Iraq'\n\n[[topic]]\nname = \"b\"\nquery = 'Iran NEAR/5'\n",
    ),
    (
        "Q008",
        "[[topic]]\nname = \"a\"\nquery = 'NOT sport'\n\n[[topic]]\nname = \"b\"\nquery = 'sanctions OR NOT sport'\n",
    ),
    (
        "Q009",
        "[[topic]]\nname = \"a\"\nquery = 'Iran NEAR/5 (oil AND gas)'\n\n[[topic]]\nname = \"b\"\nquery = 'Iran NEAR oil NEAR gas'\n\n\
         [[topic]]\nname = \"c\"\nquery = 'Iran NEAR title:oil'\n\n[[topic]]\nname = \"d\"\nquery = 'Iran NEAR NOT oil'\n",
    ),
    (
        "Q010",
        "[[topic]]\nname = \"far\"\nquery = 'Iran NEAR/1001 oil'\n\n[[topic]]\nname = \"b\"\nquery = 'Iran ONEAR/few oil'\n",
    ),
    ("Q011", "[[topic]]\nname = \"field\"\nquery = 'titel:Iran AND sanctions'\n"),
    (
        "Q012",
        "[alias]\nmissile = [\"missile*\"]\na = [\"$b\"]\nb = [\"$a\"]\n\n[[topic]]\nname = \"unknown\"\nany = [\"$misile\"]\n",
    ),
    (
        "Q013",
        "[[topic]]\nname = \"patterns\"\nany = ['re:/CVE-(\\d+/', 're:/a*/', 're:/patriot/i', 're:/(?:[a-z]{100}){1000}/', 're:/open']\n",
    ),
    ("Q014", "[[topic]]\nname = \"list\"\nany = [\"sanctions AND Iran\", \"Iran NEAR/5 oil\"]\n"),
    (
        "Q015",
        "[[topic]]\nname = \"long\"\nany = [\"a b c d e f g h i j k l m n o p q\"]\n\n\
         [[topic]]\nname = \"deep\"\nquery = '(((((((((((((((((((((((((((((((((Iran)))))))))))))))))))))))))))))))))'\n",
    ),
];

/// What works and is probably not meant so.
const ODD: [(&str, &str); 7] = [
    ("L102", "[[topic]]\nname = \"odd\"\nany = [\"today\"]\n"),
    ("L103", "[[topic]]\nname = \"odd\"\nany = [\"WHO\"]\n"),
    ("L104", "[[topic]]\nname = \"odd\"\nany = ['re:/S-400/']\n"),
    ("L105", "[alias]\nmissile = [\"missile*\"]\n\n[[topic]]\nname = \"odd\"\nany = [\"S-400\"]\n"),
    ("L106", "[[topic]]\nname = \"odd\"\nany = [\"S-400\", \"embargo\", \"s400\"]\n"),
    ("L107", "[[topic]]\nname = \"odd\"\nany = [\"Patriot Act\"]\nmask = [\"Patriot\"]\n"),
    ("L108", "[[topic]]\nname = \"odd\"\nany = [\"制裁*\"]\n"),
];

/// What `check` says of a file; every problem in it has this code.
async fn told(code: &str, watchlist: &str, exit: i32) -> String {
    let home = Home::with("");
    home.write("watchlist.toml", format!("{watchlist}{FEED}"));
    let output = home.run(&["check", "-c", "watchlist.toml"]).await;
    assert_eq!(output.code, Some(exit), "{code}: {output:#?}");
    let report = home.run(&["check", "-c", "watchlist.toml", "--json"]).await.json();
    let problems = report["problems"].as_array().expect("a list of problems");
    assert!(!problems.is_empty() && problems.iter().all(|problem| problem["code"] == code), "{report:#}");
    output.stderr
}

fn snapshots() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("snapshots/watchlist");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[tokio::test]
async fn each_mistake_is_shown_in_its_place() {
    for (code, watchlist) in MISTAKES {
        let told = told(code, watchlist, 78).await;
        snapshots().bind(|| assert_snapshot!(code, told));
    }
}

#[tokio::test]
async fn each_oddity_is_a_warning_in_its_place() {
    for (code, watchlist) in ODD {
        let told = told(code, watchlist, 0).await;
        snapshots().bind(|| assert_snapshot!(code, told));
    }
}

/// A home whose store holds so many articles, every twentieth about an embargo.
async fn stored(articles: usize) -> (Site, Home) {
    let site = Site::start().await;
    let title = |n: usize| if n.is_multiple_of(20) { "An embargo again" } else { "A quiet day" };
    let articles: Vec<Article> = (0..articles).map(|n| Article::new(&format!("n{n}"), title(n))).collect();
    site.publish("/news.xml", &articles);
    let home = Home::new(&Config::new().feed(&site, "/news.xml"));
    assert_eq!(home.run(&["once"]).await.code, Some(0));
    (site, home)
}

const EMBARGO: &str = "[[topic]]\nname = \"odd\"\nany = [\"S-400\", \"embargo*\"]\n";

#[tokio::test]
async fn a_term_that_stands_in_many_stored_articles_is_a_warning() {
    let (_site, home) = stored(1_000).await;
    home.write("watchlist.toml", format!("{EMBARGO}{FEED}"));
    let output = home.run(&["check", "-c", "watchlist.toml"]).await;
    assert_eq!(output.code, Some(0), "{output:#?}");
    snapshots().bind(|| assert_snapshot!("L101", output.stderr));
}

#[tokio::test]
async fn few_stored_articles_or_none_say_nothing_about_a_term() {
    let (_site, home) = stored(999).await;
    home.write("watchlist.toml", format!("{EMBARGO}{FEED}"));
    let few = home.run(&["check", "-c", "watchlist.toml"]).await;
    assert_eq!((few.code, few.stderr.as_str()), (Some(0), ""));
    std::fs::remove_file(home.database()).expect("the database is there");
    let none = home.run(&["check", "-c", "watchlist.toml"]).await;
    assert_eq!((none.code, none.stderr.as_str()), (Some(0), ""));
    assert!(!home.database().exists(), "it only looks");
    home.write("feedwatch.db", "no database");
    let broken = home.run(&["check", "-c", "watchlist.toml"]).await;
    assert_eq!((broken.code, broken.stderr.as_str()), (Some(0), ""));
}

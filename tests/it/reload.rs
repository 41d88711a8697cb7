//! A reload under load: nothing asked because of it, no poll and no delivery dropped, a bad file changes nothing.

use std::time::Duration;

use super::support::{Answer, Article, Config, Daemon, Home, Receiver, Reply, Site, daemon::Signal, holds};

/// A site whose feeds answer slowly: while it is asked, a reload comes.
async fn slow_site(feeds: usize) -> Site {
    let site = Site::start().await;
    for n in 0..feeds {
        let answer = Answer::feed(&[Article::about_s400(&format!("news-{n}"))]);
        site.set(&path(n), Answer::After(Duration::from_millis(1500), Box::new(answer)));
    }
    site
}

fn path(n: usize) -> String {
    format!("/{n}.xml")
}

/// The feeds of the site, asked once a day: whatever else is asked, a reload caused.
fn daily(site: &Site, feeds: usize) -> Config {
    (0..feeds).fold(Config::new(), |config, n| config.every(site, &path(n), "1d"))
}

/// Asks for a reload; waits until so many are done.
pub async fn reload(daemon: &Daemon, times: usize) {
    daemon.signal(Signal::HUP);
    let reloads = || daemon.log().iter().filter(|line| line.contains("reloaded, watching")).count();
    holds("the reload is done", || reloads() == times).await;
}

#[tokio::test]
async fn an_edited_feed_costs_the_polls_of_its_neighbours_nothing() {
    let (site, receiver) = (slow_site(4).await, Receiver::start(1).await);
    let config = daily(&site, 4).webhook("desk", &receiver).text();
    let url = format!("url = \"{}\"", site.url(&path(0)));
    let config = config.replace(&format!("{url}\ninterval = \"1d\""), &format!("{url}\ninterval = \"4s\""));
    let home = Home::with(&config);
    let daemon = home.start().await;
    holds("all four are under way", || site.under_way() == 4).await;
    home.write("feedwatch.toml", config.replace(&url, &format!("{url}\nheaders = {{ x-key = \"1\" }}")));
    reload(&daemon, 1).await;
    assert_eq!(site.under_way(), 4, "the reload came too late to prove anything");

    holds("the neighbours alert, and the edited feed when it was asked anew", || {
        receiver.articles().len() == 4
    })
    .await;
    for n in 1..4 {
        assert_eq!(site.visits(&path(n)).len(), 1, "feed {n} was asked again");
    }
    let asked: Vec<_> = site.visits(&path(0));
    assert!(asked[0].request.header("x-key").is_none() && asked[1].request.header("x-key") == Some("1"));
    assert!(!daemon.log().iter().any(|line| line.contains("lease")), "{:#?}", daemon.log());
    daemon.stop().await;
}

#[tokio::test]
async fn reloads_under_load_drop_no_poll_and_no_delivery() {
    const FEEDS: usize = 40;
    let (site, receiver) = (slow_site(FEEDS).await, Receiver::start(1).await);
    receiver.otherwise(Reply::After(Duration::from_millis(200), 204));
    let config = daily(&site, FEEDS).webhook("desk", &receiver).text();
    let home = Home::with(&config);
    let daemon = home.start().await;
    // Each reload finds other things under way: first polls, then polls and sends.
    for n in 1..=8 {
        holds("the work goes on", || receiver.attempts().len() >= (n - 1) * 3).await;
        let topic = format!("[[topic]]\nname = \"topic {n}\"\nany = [\"nothing{n}\"]\n");
        let level =
            format!("[log]\nlevel = \"{}\"\n", if n % 2 == 0 { "info" } else { "warn,feedwatch=info" });
        home.write("feedwatch.toml", format!("{config}\n{topic}\n{level}"));
        reload(&daemon, n).await;
    }
    assert!(receiver.accepted().len() < FEEDS, "the reloads came too late to prove anything");
    holds("all alerts", || receiver.articles().len() == FEEDS).await;
    daemon.stop().await;
    let (articles, attempts) = (receiver.articles(), receiver.attempts().len());
    assert!(articles.values().all(|&times| times == 1) && attempts == FEEDS, "{attempts}: {articles:?}");
    for n in 0..FEEDS {
        assert_eq!(site.visits(&path(n)).len(), 1, "feed {n} was asked because of a reload");
    }
}

#[tokio::test]
async fn hundreds_of_feeds_and_topics_are_reloaded_without_a_request() {
    const FEEDS: usize = 300;
    let site = Site::start().await;
    for n in 0..FEEDS {
        site.publish(&path(n), &[]);
    }
    site.publish("/clock.xml", &[]);
    let config = (0..FEEDS).fold(daily(&site, FEEDS).every(&site, "/clock.xml", "1s"), |config, n| {
        config.add(&format!("[[topic]]\nname = \"t{n}\"\nany = [\"word{n}\"]\n"))
    });
    let config = config.text();
    let home = Home::with(&config);
    let daemon = home.start().await;
    let asked = || (0..FEEDS).map(|n| site.visits(&path(n)).len()).sum::<usize>();
    holds("each is asked once", || asked() == FEEDS).await;
    reload(&daemon, 1).await;
    home.write("feedwatch.toml", config.replace("\"word", "\"other"));
    reload(&daemon, 2).await;
    let seconds = site.visits("/clock.xml").len();
    holds("polls go on", || site.visits("/clock.xml").len() > seconds + 2).await;
    daemon.stop().await;
    assert_eq!(asked(), FEEDS, "a reload asks nobody");
}

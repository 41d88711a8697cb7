//! Receivers that misbehave on script (specs/delivery.md §4, §17), each told by the real program.
//!
//! `table` is one table of cases: what a receiver does, and what becomes of the delivery, of the notifier, what `status`
//! says of it, and how often the receiver was asked.

mod case;
mod crash;
mod disk;
mod manners;
mod recovery;
mod run;
mod table;
mod tls;

use case::Rules;
use feedwatch::model::Timestamp;

use crate::support::{Article, Config, Home, Receiver, Reply, Site, now, until};

#[tokio::test]
async fn each_answer_has_its_consequence_and_states_stay() {
    println!("rows={} failures=0", run::all(Rules::Stay).await);
}

#[tokio::test]
async fn each_trouble_is_over_once_the_receiver_is_well_again() {
    println!("rows={} failures=0", run::all(Rules::Recover).await);
}

#[tokio::test]
async fn each_trouble_that_outlives_max_age_is_given_up_visibly() {
    println!("rows={} failures=0", run::all(Rules::Expire).await);
}

#[tokio::test]
async fn a_day_is_the_longest_pause_that_is_granted() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.otherwise(Reply::With(429, "retry-after", "31536000"));
    site.publish("/news.xml", &[Article::about_s400("one")]);
    let home = Home::new(&Config::new().every(&site, "/news.xml", "1h").webhook("desk", &receiver));
    let daemon = home.start().await;
    daemon.line("asked for a pause of 365d, it gets a day").await;
    let until = until("it pauses", async || {
        let notifier = &home.status().await["notifiers"][0];
        let next = notifier["next_attempt"].as_str().filter(|_| notifier["state"] == "paused")?;
        next.parse::<Timestamp>().ok()
    })
    .await;
    let pause = (until - now()).num_minutes();
    assert!((23 * 60..=24 * 60).contains(&pause), "{pause} minutes");
    daemon.stop().await;
    assert_eq!(receiver.attempts().len(), 1);
}

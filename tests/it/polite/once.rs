//! `once`: everything that may be asked, now, and delivered while it goes on.

use std::time::Duration;

use crate::support::{Answer, Article, Config, Home, Receiver, Site};

#[tokio::test]
async fn what_is_found_is_delivered_before_the_last_feed_has_answered() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    let late = Duration::from_secs(2);
    site.publish("/quick.xml", &[Article::about_s400("one")]);
    let slow = Answer::feed(&[Article::about_s400("two")]);
    site.set("/slow.xml", Answer::After(late, Box::new(slow)));
    let home = Home::new(
        &Config::new().feed(&site, "/quick.xml").feed(&site, "/slow.xml").webhook("desk", &receiver),
    );
    let output = home.run(&["once"]).await;
    assert_eq!(output.code, Some(0), "{output:#?}");
    let attempts = receiver.attempts();
    assert_eq!(attempts.len(), 2, "both are delivered when it ends");
    let answered = site.visits("/slow.xml")[0].request.at + late;
    assert!(attempts[0].request.at < answered, "the first one was not kept waiting");
}

//! How a receiver is asked: directly, by as many at once as it takes, and on connections that it may close.

use std::time::Duration;

use crate::support::{Article, Config, Home, Receiver, Reply, Site, Then, holds};

fn articles(count: usize) -> Vec<Article> {
    (0..count).map(|n| Article::about_s400(&format!("n{n}"))).collect()
}

#[tokio::test]
async fn no_proxy_of_the_environment_is_used() {
    let (site, receiver, proxy) =
        (Site::start().await, Receiver::start(1).await, Receiver::of_vendor(1).await);
    site.publish("/news.xml", &articles(1));
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &receiver));
    let url = proxy.url();
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let daemon = home.spawn_with(&names.map(|name| (name, url.as_str())));
    holds("the alert", || receiver.accepted().len() == 1).await;
    daemon.stop().await;
    assert!(proxy.attempts().is_empty());
}

#[tokio::test]
async fn a_receiver_that_closes_every_connection_gets_every_alert_once() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.otherwise(Reply::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), Then::Close));
    site.publish("/news.xml", &articles(30));
    let home = Home::new(&Config::new().every(&site, "/news.xml", "1h").webhook("desk", &receiver));
    let daemon = home.start().await;
    holds("all alerts", || receiver.articles().len() == 30).await;
    daemon.stop().await;
    assert_eq!(receiver.attempts().len(), 30);
}

#[tokio::test]
async fn a_receiver_is_asked_by_no_more_at_once_than_concurrency_says() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    let takes = Duration::from_millis(200);
    receiver.otherwise(Reply::After(takes, 204));
    site.publish("/news.xml", &articles(10));
    let config = Config::new().every(&site, "/news.xml", "1h").webhook("desk", &receiver);
    let home = Home::new(&config.add("concurrency = 2"));
    let daemon = home.start().await;
    holds("all alerts", || receiver.articles().len() == 10).await;
    daemon.stop().await;
    let times: Vec<_> = receiver.attempts().iter().map(|attempt| attempt.request.at).collect();
    // A third one begins only after one of two has had its answer.
    assert!(times.windows(3).all(|three| three[2] - three[0] >= takes), "{times:?}");
}

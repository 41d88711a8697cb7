//! Bodies, never larger than they may be: as sent, and unpacked.

use reqwest::{
    Response,
    header::{CONTENT_ENCODING, HeaderMap, HeaderValue},
};

use super::error::NetworkError;

/// Why a body cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More bytes than allowed; the rest was not read.
    #[error("the answer is larger than {limit} bytes (http.{key})")]
    TooLarge {
        /// Which limit: `max_wire`, the answer as sent, or `max_body`, unpacked.
        key: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The body does not fit its `Content-Encoding`.
    #[error("content-encoding {coding}: {problem}")]
    Encoding {
        /// The coding it claims.
        coding: String,
        /// What is wrong.
        problem: String,
    },
    /// The body did not arrive.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// Reads a body of at most `max_wire` bytes as they are sent. A larger `Content-Length` is refused unread. There is
/// no limit of time here but the client's.
pub async fn read_capped(mut response: Response, max_wire: usize) -> Result<Vec<u8>, BodyError> {
    let too_large = || BodyError::TooLarge { key: "max_wire", limit: max_wire };
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > max_wire) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(NetworkError::from)? {
        if chunk.len() > max_wire - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The codings of a body that still have to be undone: lower case, comma separated, without `identity`. Empty if
/// there is none.
pub fn content_encoding(headers: &HeaderMap) -> String {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let all: Vec<String> = headers.get_all(CONTENT_ENCODING).iter().map(text).collect();
    let is_coding = |coding: &&str| !matches!(*coding, "" | "identity" | "none");
    let codings: Vec<&str> =
        all.iter().flat_map(|one| one.split(',')).map(str::trim).filter(is_coding).collect();
    codings.join(", ")
}

#[cfg(test)]
pub(super) async fn read_all_for_test(response: Response) -> Result<Vec<u8>, NetworkError> {
    match read_capped(response, 1 << 20).await {
        Ok(body) => Ok(body),
        Err(BodyError::Network(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::http::client::webhook_client;

    /// Reads what a server sends, with a cap of 10 bytes.
    async fn read(answer: &'static str) -> Result<Vec<u8>, BodyError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let url = format!("http://{}/", listener.local_addr().expect("address"));
        let client = webhook_client(Duration::from_secs(2), Duration::from_secs(5), None).expect("client");
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("accepted");
            let _ = stream.read(&mut [0; 1024]).await.expect("asked");
            stream.write_all(answer.as_bytes()).await.expect("sent");
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = serve => unreachable!("never ends"),
            answer = client.get(url).send() => read_capped(answer.expect("answer"), 10).await,
        }
    }

    #[tokio::test]
    async fn a_body_within_the_cap_is_read_whole() {
        assert_eq!(
            read("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789").await,
            Ok(b"0123456789".to_vec())
        );
    }

    #[tokio::test]
    async fn a_larger_one_is_refused_by_its_length_or_while_reading() {
        let too_large = Err(BodyError::TooLarge { key: "max_wire", limit: 10 });
        assert_eq!(read("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n").await, too_large);
        assert_eq!(
            read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n01234567890\r\n").await,
            too_large
        );
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\n0123456789012").await, too_large);
    }

    #[test]
    fn codings_are_read_from_every_line_and_identity_is_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(content_encoding(&headers), "");
        headers.append(CONTENT_ENCODING, HeaderValue::from_static("identity"));
        assert_eq!(content_encoding(&headers), "");
        headers.append(CONTENT_ENCODING, HeaderValue::from_static(" GZip ,"));
        assert_eq!(content_encoding(&headers), "gzip");
        headers.append(CONTENT_ENCODING, HeaderValue::from_static("br"));
        assert_eq!(content_encoding(&headers), "gzip, br");
    }
}

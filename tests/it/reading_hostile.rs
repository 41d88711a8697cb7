//! Hostile documents against the real `feedwatch parse`, on the smallest stack that a thread of the daemon has and with
//! little memory: each ends by itself, in time, with an exit code of its own and nothing on stderr. That the time grows
//! no faster than the size is measured by `cargo bench --bench reading`.

use std::{io::Write, process::Stdio, time::Duration};

use tokio::{io::AsyncReadExt, process::Command, time::timeout};

/// What any document may take (specs/reading.md §2).
const AT_MOST: Duration = Duration::from_mins(1);
/// Kilobytes of address space; all 300 MB that a document may take, and what a program maps without using it.
const ADDRESS_SPACE_KB: usize = 900 << 10;

/// Hostile documents with names, and whether they are read.
fn documents() -> Vec<(&'static str, Vec<u8>, bool)> {
    let rss = |inside: String| {
        format!("<rss version='2.0'><channel><item><title>kept</title></item>{inside}").into_bytes()
    };
    let item = |inside: String| rss(format!("<item><title>x</title>{inside}</item></channel></rss>"));
    let laugh = |n: usize| format!("<!ENTITY l{n} '{}'>", format!("&l{};", n - 1).repeat(8));
    let laughs = (1..30).map(laugh).collect::<Vec<_>>().concat();
    let entity = "e".repeat(500);
    vec![
        ("nested groups", item("<media:group>".repeat(100_000)), true),
        ("nested elements", item("<a>".repeat(200_000) + &"</a>".repeat(200_000)), true),
        ("nested divisions in XHTML", item(format!("<content type='xhtml'>{}", "<div>".repeat(200_000))), true),
        ("nested items", rss("<item>".repeat(1_000_000)), true),
        ("three hundred thousand items", rss("<item><title>x</title><guid>1</guid></item>".repeat(300_000)), true),
        ("items that never end", rss("<item><title>x".repeat(500_000)), true),
        ("author with an address in brackets", item("<author>jo@x.com\u{ff08}\u{5c71}\u{7530}\u{ff09}</author><managingEditor>Иван «jo@x.com»</managingEditor>".to_owned()), true),
        ("duration of 23 digits", item("<itunes:duration>12345678901234567890123</itunes:duration>".to_owned()), true),
        ("long comment before a declaration", format!("<!-- {} --><?xml version='1.0' encoding='utf-16be'?><rss><channel/></rss>", "x".repeat(100_000)).into_bytes(), true),
        ("UTF-16 with a declaration", "<?xml version='1.0' encoding='utf-16'?><rss><channel/></rss>".encode_utf16().flat_map(u16::to_be_bytes).collect(), true),
        ("a hundred thousand attributes", item(format!("<link {}/>", (0..100_000).fold(String::new(), |all, n| all + &format!("a{n}='1' ")))), true),
        ("sections without end", item("<![CDATA[".repeat(300_000)), true),
        ("instructions without end", item("<?a ".repeat(300_000)), true),
        ("comments without end", item("<!-- </item> ".repeat(300_000)), true),
        ("quotes without end", item("<a b=\"".repeat(300_000)), true),
        ("document types without end", item("<!DOCTYPE [".repeat(300_000)), true),
        ("ampersands", item("&".repeat(5_000_000)), true),
        ("prefixes", item((0..50_000).fold(String::new(), |all, n| all + &format!("<p{n}:x xmlns:p{n}='u'/>"))), true),
        ("entities in entities", format!("<!DOCTYPE rss [<!ENTITY l0 'lol'>{laughs}]><rss><channel><item><title>&l29;</title></item></channel></rss>").into_bytes(), true),
        ("one entity three hundred thousand times", format!("<!DOCTYPE rss [<!ENTITY e '{entity}'>]><rss><channel><item><description>{}</description></item></channel></rss>", "&e;".repeat(300_000)).into_bytes(), true),
        ("an entity of the system", "<!DOCTYPE rss [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><rss><channel><item><title>&e;</title></item></channel></rss>".to_owned().into_bytes(), true),
        ("a text of 3 MB", item(format!("<description>{}", "word \u{430}\u{301} ".repeat(300_000))), true),
        ("a text of 100 MB", item("x".repeat(100 << 20)), false),
        ("nested JSON", format!("{{\"items\": [{}", "[".repeat(300_000)).into_bytes(), false),
        ("JSON of many values", format!("{{\"items\": [{}]}}", "0,".repeat(1_500_000)).into_bytes(), true),
        ("JSON of many keys", format!("{{{}\"items\": []}}", (0..200_000).fold(String::new(), |all, n| all + &format!("\"{n}\":0,"))).into_bytes(), true),
        ("JSON with a value of many values", format!("{{\"items\": [{{\"id\": 1, \"tags\": [{}0]}}]}}", "0,".repeat(1_500_000)).into_bytes(), true),
        ("packed a thousandfold", packed(&vec![b' '; 40 << 20]), false),
        ("packed twice", packed(&packed(&item(String::new()))), false),
        ("every byte", (0..=255_u8).cycle().take(1 << 20).collect(), false),
    ]
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("packing to memory");
    encoder.finish().expect("packing to memory")
}

#[tokio::test]
async fn every_hostile_document_ends_by_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes, is_read) in documents() {
        let path = folder.path().join("document");
        std::fs::write(&path, bytes).expect("room for a document");
        let limited =
            format!("ulimit -s 2048; ulimit -v {ADDRESS_SPACE_KB}; exec \"$0\" parse \"$1\" --json");
        let mut child = Command::new("sh")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_feedwatch")])
            .arg(&path)
            .env("RUST_MIN_STACK", "2097152")
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let (mut out, mut err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        let (mut printed, mut said) = (Vec::new(), String::new());
        let all = async {
            tokio::join!(out.read_to_end(&mut printed), err.read_to_string(&mut said), child.wait())
        };
        let (_, _, status) = timeout(AT_MOST, all).await.unwrap_or_else(|_| panic!("{name}: no end"));
        let code = status.expect("a status").code();
        assert_eq!((code, said.as_str()), (Some(i32::from(!is_read)), ""), "{name}");
        let parsed: serde_json::Value = serde_json::from_slice(&printed).expect(name);
        assert_eq!(parsed["ok"], is_read, "{name}: {}", parsed["error"]);
    }
}

//! What stands in the memory of the process: keys where they are used, and nowhere else.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::settings::{self, Workplace};
use data_encoding::HEXLOWER;
use serde_json::json;

use crate::issue;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// How often each of `needles` stands in the memory of `host`.
fn count(host: &Host, needles: &[&[u8]]) -> Vec<usize> {
    let memory = File::open(format!("/proc/{}/mem", host.id()))
        .expect("the tests were built where the memory of a process could be read");
    let maps = fs::read_to_string(format!("/proc/{}/maps", host.id())).unwrap();
    let mut counts = vec![0; needles.len()];
    let mut has_read = false;
    for line in maps.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // What is written to: a file's own pages hold none of it.
        if !words[1].starts_with("rw") {
            continue;
        }
        let (start, end) = words[0].split_once('-').unwrap();
        let address = |text| u64::from_str_radix(text, 16).unwrap();
        let overlap = needles.iter().map(|needle| needle.len() - 1).max().unwrap();
        let mut bytes = vec![0; CHUNK + overlap];
        for from in (address(start)..address(end)).step_by(CHUNK) {
            let length = usize::try_from(address(end) - from).unwrap().min(bytes.len());
            // Some pages can't be read by any process.
            let Ok(()) = memory.read_exact_at(&mut bytes[..length], from) else { continue };
            has_read = true;
            for (count, needle) in counts.iter_mut().zip(needles) {
                // What begins in the overlap is found in the next chunk.
                let mut windows = bytes[..length].windows(needle.len()).take(CHUNK);
                let first = needle[0];
                *count += windows.by_ref().filter(|w| w[0] == first && w == needle).count();
            }
        }
    }
    assert!(has_read, "no page of the process could be read");
    counts
}

/// Random, so that it stands nowhere by chance.
fn random_key() -> ([u8; 32], String) {
    let bytes = std::array::from_fn(|_| fastrand::u8(..));
    (bytes, HEXLOWER.encode(&bytes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(reads_memory), ignore = "needs the right to read the memory of another process")]
async fn keys_stand_in_memory_where_they_are_used_and_no_text_of_the_configuration_does() {
    let workplace = Workplace::new().unwrap();
    let [(index, index_text), (ring, ring_text), (_, password), (_, in_file), (_, remark)] =
        std::array::from_fn(|_| random_key());
    let keys = format!(
        "[keys]\nindex = \"{index_text}\"\nring = [{{ name = \"a\", secret = \"{ring_text}\" }}]\n"
    );
    // With an escape, so that the parser has to make a text of its own.
    let smtp = format!(
        "[senders.email]\ntype = \"smtp\"\nhost = \"127.0.0.1\"\nfrom = \"a@example.com\"\nuser = \"u\"\n\
         password = \"\\u002d{password}\"\n# {remark}\n"
    );
    fs::write(workplace.path().join("token"), format!("{in_file}\n")).unwrap();
    let voice = "[senders.voice]\ntype = \"twilio_voice\"\nfrom = \"+15017122661\"\n\
         account_sid = \"ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\nauth_token_file = \"token\"\n";
    let purposes: String =
        (0..200).map(|number| format!("[purposes.p{number}]\nchannels = [\"sms\"]\n")).collect();
    let senders = workplace.senders(&["sms"]) + &smtp + voice;
    let rules = format!("{}{purposes}", crate::RULES);
    let sections = [
        settings::SERVER,
        settings::MEMORY,
        &senders,
        settings::LOG,
        &keys,
        &rules,
        &remark_of(&remark),
    ];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();
    let client = Client::new(host.address());
    for number in 0..20 {
        let issued = issue(&client, number).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        let path = format!("/v1/challenges/{}/verify", issued.id());
        client.post(&path, &json!({ "code": workplace.outbox().code(issued.id()) })).await;
    }
    let texts = [&remark, &index_text, &ring_text, &password, &in_file].map(|text| text.as_bytes());
    let needles: Vec<&[u8]> = texts.into_iter().chain([&index[..], &ring[..]]).collect();
    let counts = count(&host, &needles);
    let [remark, index_text, ring_text, password, in_file, index, ring] = counts[..] else {
        unreachable!()
    };
    println!("{counts:?}");
    assert_eq!((remark, index_text, ring_text), (0, 0, 0), "of the file's text");
    assert_eq!((password, in_file), (1, 1), "the senders have them");
    assert!((1..=2).contains(&index) && (1..=2).contains(&ring), "{index} {ring}");
}

/// A remark that stands at many places of the file.
fn remark_of(remark: &str) -> String {
    format!("# {remark}\n").repeat(50)
}

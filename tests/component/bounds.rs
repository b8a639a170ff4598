//! A component that misbehaves: what it breaks is its own call, and nothing of the host.
//!
//! It has the engine's world, and every function of it does the same wrong thing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign::bindings::countersign::otp::settings;
use countersign::config::{EngineSettings, Isolation, Rules};
use countersign::engine::{Capabilities, Engine, OpenError};
use countersign::senders::{Sender, Sent};
use countersign::stores::StoreSettings;
use countersign::stores::memory::MemorySettings;
use countersign_contract::sender::Message;
use countersign_contract::types::SendError;
use countersign_http_api::otp::Failure;
use tempfile::TempDir;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

/// Far more than half a second of computing takes on a busy machine.
const SOON: Duration = Duration::from_secs(60);

struct NoSender;

impl Sender for NoSender {
    fn send(&self, _: Message) -> Sent<'_> {
        Box::pin(async { Err(SendError::Unavailable) })
    }
}

/// An engine over a component all of whose functions have `body`, with two instances at most.
async fn engine(body: &str, isolation: Isolation) -> (Engine, TempDir) {
    let (engine, folder) = open(&misbehaving(body), isolation, 10_000).await;
    (engine.unwrap(), folder)
}

async fn open(
    component: &[u8],
    isolation: Isolation,
    calls_per_instance: u32,
) -> (Result<Engine, OpenError>, TempDir) {
    let bytes = component;
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("misbehaving.wasm");
    std::fs::write(&component, bytes).unwrap();
    let settings = EngineSettings {
        component: Some(component),
        cache_directory: Some(folder.path().join("cache")),
        isolation,
        max_instances: 2,
        calls_per_instance,
        ..EngineSettings::default()
    };
    let store = StoreSettings::Memory(MemorySettings::default());
    let keyring = settings::Keyring { index: Vec::new(), keys: Vec::new() };
    let capabilities = Capabilities {
        store: countersign::stores::open(&store).await.unwrap(),
        sender: Arc::new(NoSender),
        rules: Arc::new(Rules { policies: BTreeMap::new(), keyring }),
    };
    (Engine::open(&settings, capabilities), folder)
}

fn misbehaving(body: &str) -> Vec<u8> {
    changed(|text| {
        assert!(text.contains("unreachable"));
        text.replace("unreachable", body)
    })
}

fn changed(change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let wit = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = resolve.push_dir(wit).unwrap();
    let world = resolve.select_world(&[package], Some("engine")).unwrap();
    let module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    let text = wasmprinter::print_bytes(&module).unwrap();
    let mut module = wat::parse_str(change(&text)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, true).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_traps_fails_alone_and_its_instance_is_replaced() {
    for isolation in [Isolation::Pooled, Isolation::Fresh] {
        let (engine, _folder) = engine("unreachable", isolation).await;
        for _ in 0..20 {
            assert_eq!(engine.prepare("default", "login").await, Err(Failure::Internal));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_computes_for_ever_is_ended() {
    let (engine, _folder) =
        engine("(loop $again (br $again)) unreachable", Isolation::Pooled).await;
    for _ in 0..3 {
        let call = tokio::time::timeout(SOON, engine.prepare("default", "login"));
        assert_eq!(call.await.expect("the host ends the call"), Err(Failure::Internal));
    }
}

#[tokio::test]
async fn more_memory_than_an_instance_may_have_is_not_given() {
    for (pages, fits) in [(256, true), (257, false)] {
        let component = changed(|text| {
            let memory = text.lines().find(|line| line.trim().starts_with("(memory ")).unwrap();
            text.replace(memory, &format!("(memory {pages})"))
        });
        let (engine, _folder) = open(&component, Isolation::Pooled, 1).await;
        assert_eq!(engine.is_ok(), fits, "16 MiB are 256 pages; asked for {pages}");
    }
}

/// Functions that a `prepare` calls: room for its two texts, and itself.
const STEPS_PER_CALL: u32 = 3;

/// A component that answers well `calls` times, each time from another place in its memory, and traps from then on.
fn tiring(calls: u32) -> Vec<u8> {
    let most = calls * STEPS_PER_CALL;
    changed(|text| {
        let mut answers = false;
        let mut lines = Vec::new();
        for line in text.lines() {
            answers = if line.contains("(func ") { line.contains("(result i32)") } else { answers };
            match line.trim() {
                "unreachable" => {
                    let count = "(global.set 0 (i32.add (global.get 0) (i32.const 1)))";
                    let tired = format!(
                        "(if (i32.gt_u (global.get 0) (i32.const {most})) (then unreachable))"
                    );
                    let answer =
                        if answers { "(i32.mul (global.get 0) (i32.const 64))" } else { "" };
                    lines.push(format!("{count} {tired} {answer}"));
                }
                memory if memory.starts_with("(memory ") => {
                    lines.push("(memory 1) (global (mut i32) (i32.const 0))".to_owned());
                }
                _ => lines.push(line.to_owned()),
            }
        }
        lines.join("\n")
    })
}

#[tokio::test]
async fn an_instance_serves_as_many_calls_as_it_may_and_is_replaced() {
    for (isolation, calls_per_instance, lasts) in [
        (Isolation::Pooled, 3, true),
        (Isolation::Pooled, 4, false),
        (Isolation::Fresh, 10_000, true),
    ] {
        let (engine, _folder) = open(&tiring(3), isolation, calls_per_instance).await;
        let engine = engine.unwrap();
        let mut answers = Vec::new();
        for _ in 0..10 {
            answers.push(engine.prepare("default", "login").await);
        }
        assert_eq!(answers[..3], [Ok(()), Ok(()), Ok(())], "{isolation:?}");
        assert_eq!(answers.iter().all(Result::is_ok), lasts, "{isolation:?} {calls_per_instance}");
    }
}

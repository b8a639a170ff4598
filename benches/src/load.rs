//! The load generator: keep-alive connections, each with one request under way, and as little work per request as
//! can be: requests are rendered beforehand, answers are read to their end and not parsed beyond their status.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Requests, and the status that each has to be answered with.
pub(crate) struct Job {
    pub(crate) requests: Vec<Vec<u8>>,
    pub(crate) status: u16,
    /// Whether the answers' bodies are wanted.
    pub(crate) keep_bodies: bool,
}

/// What came of a job.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) elapsed: Duration,
    /// Of each request, in nanoseconds, unsorted.
    pub(crate) latencies: Vec<u64>,
    pub(crate) bodies: Vec<Vec<u8>>,
}

/// Requests that may be answered otherwise: where the code that is tried happens to be right.
const STRAYS: usize = 5;

/// Sends all requests of a job over `connections`, each as soon as the one before is answered.
pub(crate) async fn run(address: SocketAddr, connections: usize, job: Job) -> Result<Done> {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let shared = Arc::new((job, AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for stream in streams {
        tasks.spawn(drive(stream, Arc::clone(&shared)));
    }
    let mut done = Done::default();
    let mut strays = 0;
    while let Some(part) = tasks.join_next().await {
        let (part, others) = part??;
        done.latencies.extend(part.latencies);
        done.bodies.extend(part.bodies);
        strays += others;
    }
    done.elapsed = start.elapsed();
    if strays > STRAYS {
        bail!("{strays} requests were not answered {}", shared.0.status);
    }
    Ok(done)
}

async fn drive(mut stream: TcpStream, shared: Arc<(Job, AtomicUsize)>) -> Result<(Done, usize)> {
    let (job, next) = &*shared;
    let mut done = Done::default();
    let mut strays = 0;
    let mut buffer = vec![0; 16 * 1_024];
    while let Some(request) = job.requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let start = Instant::now();
        stream.write_all(request).await?;
        let (status, body) = read_answer(&mut stream, &mut buffer).await?;
        done.latencies.push(u64::try_from(start.elapsed().as_nanos())?);
        if status != job.status {
            strays += 1;
        } else if job.keep_bodies {
            done.bodies.push(body.to_vec());
        }
    }
    Ok((done, strays))
}

async fn read_answer<'a>(stream: &mut TcpStream, buffer: &'a mut [u8]) -> Result<(u16, &'a [u8])> {
    let mut length = 0;
    loop {
        let room = buffer.get_mut(length..).unwrap_or_default();
        let read = stream.read(room).await?;
        if read == 0 {
            bail!("the server closed a connection");
        }
        length += read;
        let have = buffer.get(..length).unwrap_or_default();
        if let Some((status, from, to)) = whole(have)? {
            return Ok((status, buffer.get(from..to).unwrap_or_default()));
        }
    }
}

/// The status and where the body is, once the answer is there to its end.
fn whole(have: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    const LENGTH: &[u8] = b"content-length: ";
    let Some(end) = have.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = have.get(..end).unwrap_or_default();
    let at = head.windows(LENGTH.len()).position(|some| some == LENGTH);
    let at = at.context("an answer without content-length")? + LENGTH.len();
    let digits = head.get(at..).unwrap_or_default().split(|byte| *byte == b'\r').next();
    let length: usize = std::str::from_utf8(digits.unwrap_or_default())?.parse()?;
    let status = std::str::from_utf8(head.get(9..12).unwrap_or_default())?.parse()?;
    let body = end + 4;
    Ok((have.len() >= body + length).then_some((status, body, body + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_last_byte_is_there() {
        let answer = b"HTTP/1.1 422 X\r\ncontent-length: 2\r\na: b\r\n\r\n{}";
        for length in 0..answer.len() {
            assert_eq!(whole(&answer[..length]).unwrap_or(None), None, "{length}");
        }
        assert_eq!(whole(answer).unwrap(), Some((422, answer.len() - 2, answer.len())));
    }
}

//! A process that puts article after article until the system writes no more, and tells line by line what became of it.
//! Whoever starts it counts on what was acknowledged, and knows that it hangs when no line comes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use depeche::article::SourceId;
use depeche::store::{ChangeKind, PutOutcome, SourceState, Store};

use crate::articles::{large, put_of, second};

/// Far more than any step takes: a process that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// The process's own part: puts from a number on, then tries everything that a failed store must refuse or still do.
pub async fn fill(data: &Path, from: u64) {
    let (store, how) = match Store::open_telling(data).await {
        Ok(opened) => opened,
        Err(error) => return eprintln!("unopened {error}"),
    };
    eprintln!("opened {how}");
    let mut n = from;
    loop {
        // Another writer, as a round has several: it must get its answer, too.
        let (other, source) = (store.clone(), SourceId::new("haiti-fr").unwrap());
        let state = SourceState { found: n as u32, ..SourceState::default() };
        let beside = tokio::spawn(async move { other.save_source(&source, state).await });
        let put = put_of(&store, large(n), ChangeKind::Created).await;
        let done = store.put(put).await;
        beside.await.unwrap().ok();
        match done {
            Ok(PutOutcome::Stored(_)) => eprintln!("acknowledged {n}"),
            Ok(other) => panic!("{other:?}"),
            Err(error) => break eprintln!("refused {error}"),
        }
        n += 1;
    }
    // What it says once, it says to everybody.
    let source = SourceId::new("haiti-fr").unwrap();
    let put = put_of(&store, large(n + 1), ChangeKind::Created).await;
    let refused = [
        store.put(put).await.map(|_| ()),
        store.note(vec![("key".to_owned(), Some(1.into()))]).await,
        store.block("https://haiti.example/x", second(1)).await,
        store.lease(&source, uuid::Uuid::new_v4(), second(0), second(60)).await.map(|_| ()),
        store.release(&source, uuid::Uuid::new_v4()).await,
        store.flush().await,
        store.room(),
    ];
    for done in refused {
        eprintln!("again {}", done.map_or_else(|error| error.to_string(), |()| "taken".to_owned()));
    }
    // Some reads tidy the engine's pages, which is a write: they are refused, too. What is read is what was stored.
    let (mut read, mut wrong) = (0, 0);
    for k in from..n {
        match store.article(large(k).id).await {
            Ok(found) if found == Some(large(k)) => read += 1,
            Ok(_) => wrong += 1,
            Err(_) => {}
        }
    }
    eprintln!("read {read} {wrong}");
    drop(store);
    eprintln!("closed");
}

/// What such a process told.
#[derive(Debug, Default)]
pub struct Told {
    pub unopened: Option<String>,
    pub acknowledged: Vec<u64>,
    pub refused: String,
    pub again: Vec<String>,
    /// What was acknowledged and is still read, and what reads as something else.
    pub read: (usize, usize),
    pub closed: bool,
}

/// Starts it, and listens until it ends. One that hangs is ended, and has not said that it closed.
pub fn listen(mut command: Command) -> Told {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (say, lines) = channel();
    let stderr = child.stderr.take().unwrap();
    thread::spawn(move || {
        BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| say.send(line)).ok();
    });
    let mut told = Told::default();
    while let Ok(line) = lines.recv_timeout(PATIENCE) {
        let (word, rest) = line.split_once(' ').unwrap_or((line.as_str(), ""));
        match word {
            "unopened" => told.unopened = Some(rest.to_owned()),
            "acknowledged" => told.acknowledged.push(rest.parse().unwrap()),
            "refused" => told.refused = rest.to_owned(),
            "again" => told.again.push(rest.to_owned()),
            "read" => {
                let (read, wrong) = rest.split_once(' ').unwrap();
                told.read = (read.parse().unwrap(), wrong.parse().unwrap());
            }
            "closed" => told.closed = true,
            _ => {}
        }
    }
    child.kill().ok();
    let status = child.wait().unwrap();
    told.closed &= status.success();
    told
}

//! Takes part in recipes, by commands on standard input: `recipes HOST:PORT`. Each command is answered by one line. It is
//! to see that other clients' recipes get along with these; type `lock /a` and watch with `trellis zk ls /a`.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::time::Duration;

use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::recipe::{
    Barrier, Counter, DoubleBarrier, Election, Entry, Group, Holding, Lock, LockingQueue, Queue,
    ReadWriteLock, Semaphore,
};
use trellis_zk_client::{Client, Settings};

type Outcome = Result<String, Box<dyn std::error::Error>>;

/// How long anything is waited for.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));
/// How long something is waited for that is not expected.
const HASTE: Option<Duration> = Some(Duration::from_millis(300));

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = std::env::args().nth(1).ok_or("usage: recipes HOST:PORT")?;
    let client = blocking::connect(&Settings::new(&server)?)?;
    let mut mine = Mine { client, holdings: HashMap::new(), entries: HashMap::new() };
    let mut stdout = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let answer = mine.run(&words).unwrap_or_else(|error| format!("error: {error}"));
        writeln!(stdout, "{answer}")?;
        stdout.flush()?;
    }
    mine.client.close().wait()?;
    Ok(())
}

/// What this program has.
struct Mine {
    client: Client,
    holdings: HashMap<String, Holding>,
    entries: HashMap<String, Entry>,
}

impl Mine {
    fn run(&mut self, words: &[&str]) -> Outcome {
        let client = self.client.clone();
        let client = &client;
        match *words {
            ["lock", path] => {
                self.keep(path, Lock::new(client, path).identified_by("rust").acquire(PATIENCE).wait()?)
            }
            ["trylock", path] => self.keep(path, Lock::new(client, path).acquire(HASTE).wait()?),
            ["read", path] => self.keep(path, ReadWriteLock::new(client, path).read().acquire(HASTE).wait()?),
            ["write", path] => {
                self.keep(path, ReadWriteLock::new(client, path).write().acquire(HASTE).wait()?)
            }
            ["lease", path, max] => {
                self.keep(path, Semaphore::new(client, path, max.parse()?).acquire(HASTE).wait()?)
            }
            ["elect", path] => {
                self.keep(path, Election::new(client, path, "rust").campaign(PATIENCE).wait()?)
            }
            ["contenders", path] => Ok(Lock::new(client, path).contenders().wait()?.join(",")),
            ["join", path] => self.keep(path, Some(Group::new(client, path).join("rust").wait()?)),
            ["joinshallow", path] => self.keep(path, Some(Group::shallow(client, path).join("rust").wait()?)),
            ["members", path] => Ok(Group::new(client, path).members().wait()?.join(",")),
            ["membersshallow", path] => Ok(Group::shallow(client, path).members().wait()?.join(",")),
            ["release", path] => {
                self.holdings.remove(path).ok_or("it is not held")?.release().wait()?;
                Ok("released".to_owned())
            }
            ["raise", path] => Barrier::new(client, path).raise().wait().map(|()| Ok("raised".to_owned()))?,
            ["lower", path] => Ok(Barrier::new(client, path).lower().wait()?.to_string()),
            ["wait", path] => Ok(Barrier::new(client, path).wait(PATIENCE).wait()?.to_string()),
            ["enter", path, count] => {
                let barrier = DoubleBarrier::new(client, path, count.parse()?);
                self.keep(path, barrier.enter("rust", PATIENCE).wait()?)
            }
            ["leave", path, count] => {
                let inside = self.holdings.remove(path).ok_or("it is not inside")?;
                Ok(DoubleBarrier::new(client, path, count.parse()?)
                    .leave(inside, PATIENCE)
                    .wait()?
                    .to_string())
            }
            ["add", path, change] => Ok(Counter::new(client, path).add(change.parse()?).wait()?.to_string()),
            _ => self.run_queue(words),
        }
    }

    fn run_queue(&mut self, words: &[&str]) -> Outcome {
        let client = &self.client;
        match *words {
            ["put", path, value, priority] => {
                Queue::new(client, path).put_with(value.as_bytes(), priority.parse()?).wait()?;
                Ok("put".to_owned())
            }
            ["take", path] => Ok(text(Queue::new(client, path).take(HASTE).wait()?.as_deref())),
            ["lput", path, value, priority] => {
                LockingQueue::new(client, path).put_with(value.as_bytes(), priority.parse()?).wait()?;
                Ok("put".to_owned())
            }
            ["ltake", path] => {
                let entry = LockingQueue::new(client, path).take(HASTE).wait()?;
                let answer = text(entry.as_ref().map(Entry::value));
                self.entries.extend(entry.map(|entry| (path.to_owned(), entry)));
                Ok(answer)
            }
            ["lrelease", path] => {
                self.entries.remove(path).ok_or("it is not taken")?.release().wait()?;
                Ok("released".to_owned())
            }
            ["consume", path] => {
                self.entries.remove(path).ok_or("it is not taken")?.consume().wait()?;
                Ok("consumed".to_owned())
            }
            _ => Err(format!("what is {words:?}?").into()),
        }
    }

    fn keep(&mut self, path: &str, holding: Option<Holding>) -> Outcome {
        let answer = if holding.is_some() { "held" } else { "not held" };
        self.holdings.extend(holding.map(|holding| (path.to_owned(), holding)));
        Ok(answer.to_owned())
    }
}

fn text(value: Option<&[u8]>) -> String {
    value.map_or("nothing".to_owned(), |value| String::from_utf8_lossy(value).into_owned())
}

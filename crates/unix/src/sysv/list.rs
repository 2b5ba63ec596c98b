//! What System V objects the machine has, as the system lists them.

use std::fmt;
use std::fs;
use std::io;

use super::key::Key;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Shared memory.
    Memory,
    /// A message queue.
    Queue,
    /// A set of semaphores.
    Semaphore,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Kind::Memory => "shared memory",
            Kind::Queue => "message queue",
            Kind::Semaphore => "semaphore",
        })
    }
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What it is.
    pub kind: Kind,
    /// Its key.
    pub key: Key,
    /// Its id.
    pub id: i32,
    /// Its permissions, of nine bits.
    pub mode: u16,
    /// Its owner.
    pub user: u32,
    /// Its size in bytes: of the memory, or of the messages in the queue. Semaphores have none.
    pub bytes: u64,
    /// How many processes are attached to the memory, messages are in the queue, or semaphores in the set.
    pub count: u64,
}

/// All objects of a kind, in no order.
///
/// # Errors
///
/// `/proc` is not there, or the system is built without System V objects.
///
/// # Example
///
/// ```
/// use trellis_unix::sysv::{Key, Kind, Open, SharedMemory, list};
///
/// let memory = SharedMemory::open(Key::PRIVATE, 1000, Open::OrCreate(0o600))?;
/// assert!(list(Kind::Memory)?.iter().any(|one| one.id == memory.id() && one.count == 1));
/// memory.remove()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list(kind: Kind) -> io::Result<Vec<Listed>> {
    let file = match kind {
        Kind::Memory => "/proc/sysvipc/shm",
        Kind::Queue => "/proc/sysvipc/msg",
        Kind::Semaphore => "/proc/sysvipc/sem",
    };
    Ok(parse(kind, &fs::read_to_string(file)?))
}

/// Where the columns are that the kinds have in different places: size, count, owner.
fn columns(kind: Kind) -> (Option<usize>, usize, usize) {
    match kind {
        Kind::Memory => (Some(3), 6, 7),
        Kind::Queue => (Some(3), 4, 7),
        Kind::Semaphore => (None, 3, 4),
    }
}

/// The lines after the heading. One that looks otherwise than it should is left out.
fn parse(kind: Kind, text: &str) -> Vec<Listed> {
    text.lines().skip(1).filter_map(|line| parse_line(kind, line)).collect()
}

fn parse_line(kind: Kind, line: &str) -> Option<Listed> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let number = |column: usize| fields.get(column)?.parse::<u64>().ok();
    let (bytes, count, user) = columns(kind);
    Some(Listed {
        kind,
        key: Key(fields.first()?.parse().ok()?),
        id: fields.get(1)?.parse().ok()?,
        mode: u16::from_str_radix(fields.get(2)?, 8).ok()? & 0o777,
        user: fields.get(user)?.parse().ok()?,
        bytes: bytes.map_or(Some(0), number)?,
        count: number(count)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_lists_are_understood() {
        let memory = "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap
    987654      32768   666                  1024   700   701      2  1000  1001     0     0 1700000000 1700000001 1700000000                  4096                     0
 -15728641          1  1600                    99   700   701      0     7     8     0     0 1700000000 1700000001 1700000000                  4096                     0
 damaged line\n";
        let found = parse(Kind::Memory, memory);
        let first = Listed {
            kind: Kind::Memory,
            key: Key(987_654),
            id: 32768,
            mode: 0o666,
            user: 1000,
            bytes: 1024,
            count: 2,
        };
        let second = Listed {
            key: Key(-15_728_641),
            id: 1,
            mode: 0o600,
            user: 7,
            bytes: 99,
            count: 0,
            ..first.clone()
        };
        assert_eq!(found, [first, second]);

        let queue = "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime
        17          3   644          12          2   700     0  1000  1001     0     0 1700000000          0 1700000000\n";
        let found = parse(Kind::Queue, queue);
        assert_eq!((found[0].bytes, found[0].count, found[0].user, found[0].mode), (12, 2, 1000, 0o644));

        let semaphore = "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime
        18          4   600          3  1000  1001     0     0          0 1700000000\n";
        let found = parse(Kind::Semaphore, semaphore);
        assert_eq!((found[0].bytes, found[0].count, found[0].user), (0, 3, 1000));
    }
}

//! Queues and counters.

use trellis_zk_client::CreateMode;
use trellis_zk_client::blocking::Wait;
use trellis_zk_client::recipe::{Counter, CounterError, LockingQueue, Queue};

use crate::{DEADLINE, NEVER, Service};

#[test]
fn a_queue_gives_the_most_urgent_and_then_the_oldest() {
    let service = Service::start();
    let (client, other) = (service.client(), service.client());
    let queue = Queue::new(&client, "/queue");
    assert_eq!(queue.try_take().wait(), Ok(None));
    assert_eq!(queue.take(NEVER).wait(), Ok(None));
    for (value, priority) in [(&b"b"[..], 100), (b"c", 100), (b"d", 999), (b"a", 7)] {
        queue.put_with(value, priority).wait().expect("a server");
    }
    assert_eq!(queue.len().wait(), Ok(4));
    for expected in [b"a", b"b", b"c", b"d"] {
        assert_eq!(queue.take(DEADLINE).wait(), Ok(Some(expected.to_vec())));
    }
    let waiting = std::thread::spawn(move || queue.take(DEADLINE).wait());
    Queue::new(&other, "/queue").put(b"late").wait().expect("a server");
    assert_eq!(waiting.join().expect("no panic"), Ok(Some(b"late".to_vec())));
}

/// One that has children can't be taken, and one that can is somebody's all the same.
#[test]
fn a_queue_leaves_alone_what_is_no_entry() {
    let service = Service::start();
    let client = service.client();
    for path in ["/queue/alien/child", "/queue/entry-1", "/locking/entries/alien/child"] {
        client.ensure_path(path).wait().expect("a server");
    }
    let (queue, locking) = (Queue::new(&client, "/queue"), LockingQueue::new(&client, "/locking"));
    assert_eq!((queue.try_take().wait(), queue.take(NEVER).wait()), (Ok(None), Ok(None)));
    assert!(locking.take(NEVER).wait().expect("a server").is_none());
    queue.put(b"mine").wait().expect("a server");
    locking.put(b"mine").wait().expect("a server");
    assert_eq!((queue.len().wait(), locking.len().wait()), (Ok(1), Ok(1)));
    assert_eq!(queue.take(DEADLINE).wait(), Ok(Some(b"mine".to_vec())));
    let entry = locking.take(DEADLINE).wait().expect("a server").expect("it was put");
    entry.consume().wait().expect("a server");
    assert_eq!((queue.is_empty().wait(), locking.is_empty().wait()), (Ok(true), Ok(true)));
    let listing = client.children("/queue").wait().expect("it is there");
    assert_eq!(listing.names, ["alien", "entry-1"]);
}

#[test]
fn an_entry_is_given_to_others_unless_it_was_consumed() {
    let service = Service::start();
    let (client, other) = (service.client(), service.client());
    let (queue, rival) = (LockingQueue::new(&client, "/queue"), LockingQueue::new(&other, "/queue"));
    assert!(queue.take(NEVER).wait().expect("a server").is_none());
    queue.put_all(&[b"one", b"two"], 5).wait().expect("a server");
    let one = queue.take(DEADLINE).wait().expect("a server").expect("it was put");
    let two = rival.take(DEADLINE).wait().expect("a server").expect("it was put");
    assert_eq!((one.value(), two.value()), (&b"one"[..], &b"two"[..]));
    assert!(rival.take(NEVER).wait().expect("a server").is_none());
    drop(one);
    let one = rival.take(DEADLINE).wait().expect("a server").expect("it was given back");
    assert_eq!(one.value(), b"one");
    one.consume().wait().expect("a server");
    two.release().wait().expect("a server");
    assert_eq!(queue.len().wait(), Ok(1));
    // Who dies loses what it has locked, but the entry is not lost.
    let two = rival.take(DEADLINE).wait().expect("a server").expect("it was given back");
    other.close().wait().expect("an answer");
    assert!(two.consume().wait().is_err());
    let two = queue.take(DEADLINE).wait().expect("a server").expect("it is there again");
    two.consume().wait().expect("a server");
    assert_eq!(queue.is_empty().wait(), Ok(true));
}

#[test]
fn nothing_is_lost_among_many_counters() {
    let service = Service::start();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let counter = Counter::new(&service.client(), "/count");
            std::thread::spawn(move || {
                for _ in 0..10 {
                    counter.add(3).wait().expect("a server");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    let client = service.client();
    assert_eq!(Counter::new(&client, "/count").value().wait(), Ok(120));
    client.create("/text", b"1.5", CreateMode::Persistent).wait().expect("a server");
    let text = Counter::new(&client, "/text").add(1).wait();
    assert_eq!(text, Err(CounterError::NoNumber("/text".to_owned())));
    let full = Counter::new(&client, "/count").add(i64::MAX).wait();
    assert_eq!(full, Err(CounterError::Overflow("/count".to_owned())));
}

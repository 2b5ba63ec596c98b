//! The watch table against lists that are searched from end to end.

use super::{Along, Client, Event, Limits, Modes, Place, TooMuch, Watches};
use crate::limits::WATCH_BYTES;

/// Every watch as it was set: client, path, modes.
#[derive(Default)]
struct Model(Vec<(u64, String, u8)>);

const PATHS: [&str; 7] = ["/", "/a", "/a/b", "/a/b/c", "/ab", "/a/b/d", "/x"];
const MODES: [Modes; 4] = [Modes::DATA, Modes::CHILD, Modes::PERSISTENT, Modes::RECURSIVE];
const EVENTS: [Event; 4] = [Event::Created, Event::Deleted, Event::DataChanged, Event::ChildrenChanged];

impl Model {
    fn entry(&mut self, client: u64, path: &str) -> &mut u8 {
        let is = |entry: &(u64, String, u8)| entry.0 == client && entry.1 == path;
        if !self.0.iter().any(is) {
            self.0.push((client, path.to_owned(), 0));
        }
        &mut self.0.iter_mut().find(|entry| is(entry)).expect("it is there").2
    }

    fn fire(&mut self, event: Event, path: &str) -> Vec<u64> {
        let mut told = Vec::new();
        for (client, at, modes) in &mut self.0 {
            let here = at == path;
            let above = at == "/" || path.strip_prefix(&**at).is_some_and(|rest| rest.starts_with('/'));
            // Of a lasting watch, the half for data may be left, or the one for children, which still hears of an end.
            let [data, children, recursive] =
                [Modes::ALL_DATA, Modes::ALL_CHILD, Modes::RECURSIVE].map(|kind| *modes & kind.0);
            let tell_here = match event {
                Event::Created | Event::DataChanged => data != 0,
                Event::Deleted => true,
                Event::ChildrenChanged => children & !recursive != 0,
            };
            let tell_below = match event {
                Event::Created | Event::DataChanged => data & recursive != 0,
                Event::Deleted => recursive != 0,
                Event::ChildrenChanged => false,
            };
            if *modes != 0 && (here && tell_here || above && tell_below) {
                told.push(*client);
            }
            if here && event != Event::ChildrenChanged {
                *modes &= !Modes::DATA.0;
            }
            if here && matches!(event, Event::ChildrenChanged | Event::Deleted) {
                *modes &= !Modes::CHILD.0;
            }
        }
        told.sort_unstable();
        told.dedup();
        told
    }
}

fn fire(watches: &mut Watches, event: Event, path: &str) -> Vec<u64> {
    let mut told = Vec::new();
    watches.fire(event, path, &mut |client| told.push(client));
    told.sort_unstable();
    told
}

/// All watches, listed in pieces of so many steps.
fn listed(watches: &Watches, along: Along, steps: usize) -> Vec<(u64, String)> {
    let mut listed = Vec::new();
    let mut place = Some(Place::default());
    while let Some(from) = place {
        let mut left = steps;
        place = watches.list(along, from, &mut |watch| {
            listed.extend(watch.map(|(number, path)| (number, path.to_owned())));
            left -= 1;
            left > 0
        });
    }
    listed
}

#[test]
fn the_table_and_the_lists_say_the_same() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut watches, mut model) = (Watches::default(), Model::default());
    let mut clients: Vec<(u64, Client)> = Vec::new();
    for step in 0..20_000_u64 {
        let path = PATHS[random.usize(..PATHS.len())];
        if clients.is_empty() || (clients.len() < 8 && random.u8(..) < 10) {
            clients.push((step, watches.add_client(step)));
        }
        let (number, client) = clients[random.usize(..clients.len())];
        let modes = MODES[random.usize(..MODES.len())];
        match random.u8(..100) {
            0..50 => {
                watches.add(client, path, modes).unwrap();
                *model.entry(number, path) |= modes.0;
            }
            50..55 => {
                let kinds = [Modes::ANY, Modes::ALL_DATA, Modes::ALL_CHILD];
                let kind = kinds[random.usize(..kinds.len())];
                let entry = model.entry(number, path);
                let had = *entry & kind.0 != 0;
                *entry &= !kind.0;
                assert_eq!(watches.has(client, path, kind), had, "step {step}");
                assert_eq!(watches.remove(client, path, kind), had, "step {step}");
            }
            55..56 => {
                watches.remove_client(client);
                clients.retain(|other| other.0 != number);
                model.0.retain(|entry| entry.0 != number);
            }
            56..60 => {
                watches.clean(random.usize(..5));
            }
            _ => {
                let event = EVENTS[random.usize(..EVENTS.len())];
                assert_eq!(fire(&mut watches, event, path), model.fire(event, path), "step {step}");
            }
        }
        model.0.retain(|entry| entry.2 != 0);
        while random.u8(..) < 3 && watches.clean(100) {}
        if step % 50 == 0 {
            while watches.clean(100) {}
            let mut expected: Vec<_> = model.0.iter().map(|entry| (entry.0, entry.1.clone())).collect();
            expected.sort_unstable();
            for along in [Along::Client, Along::Path] {
                let mut found = listed(&watches, along, random.usize(1..20));
                found.sort_unstable();
                assert_eq!(found, expected, "step {step}");
            }
            let sides = |modes: u8| u32::from(modes & 21 != 0) + u32::from(modes & 42 != 0);
            let sides: u32 = model.0.iter().map(|entry| sides(entry.2)).sum();
            assert_eq!(watches.count_as_real(), sides as usize, "step {step}");
            assert_eq!(watches.counts().watches, model.0.len(), "step {step}");
            let mut names: Vec<_> = model.0.iter().map(|entry| &entry.1).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(watches.counts().paths, names.len(), "step {step}");
            assert_bytes(&watches, &model, &clients, names.iter().map(|name| name.len()).sum());
        }
    }
    clients.into_iter().for_each(|(_, client)| watches.remove_client(client));
    while watches.clean(7) {}
    assert_eq!(watches.counts(), super::Counts { watches: 0, clients: 0, paths: 0 });
    assert_eq!((watches.recursive, watches.count_as_real(), watches.store.bytes()), (0, 0, 0));
}

#[test]
fn a_list_goes_on_whatever_happens_between_its_pieces() {
    let mut watches = Watches::default();
    let clients = [1, 2, 3].map(|number| watches.add_client(number));
    for path in ["/a", "/b", "/c"] {
        clients.iter().for_each(|client| watches.add(*client, path, Modes::DATA).unwrap());
    }
    assert_eq!(
        listed(&watches, Along::Path, 2)[..4].iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        [1, 2, 3, 1]
    );
    let mut found = Vec::new();
    let mut place = Some(Place::default());
    while let Some(from) = place {
        place = watches.list(Along::Path, from, &mut |watch| {
            found.extend(watch.map(|(number, path)| (number, path.to_owned())));
            false
        });
        // The next watch to be listed goes, and another one takes its place in memory.
        if found.len() == 1 {
            watches.remove(clients[1], "/a", Modes::ANY);
            watches.add(clients[1], "/d", Modes::DATA).unwrap();
        }
    }
    let expected = ["1 /a", "1 /b", "2 /b", "3 /b", "1 /c", "2 /c", "3 /c", "2 /d"];
    assert_eq!(found.iter().map(|(number, path)| format!("{number} {path}")).collect::<Vec<_>>(), expected);
}

#[test]
fn many_watchers_are_told_in_their_order() {
    let mut watches = Watches::default();
    for number in 0..100_000 {
        let client = watches.add_client(number);
        watches.add(client, "/a", Modes::DATA).unwrap();
    }
    let mut told = Vec::new();
    watches.fire(Event::DataChanged, "/a", &mut |client| told.push(client));
    assert!(told.iter().copied().eq(0..100_000));
    assert_eq!(watches.counts().watches, 0);
}

#[test]
fn a_client_with_a_million_watches_is_forgotten_bit_by_bit() {
    let mut watches = Watches::default();
    let client = watches.add_client(1);
    for number in 0..1_000_000 {
        watches.add(client, &format!("/n{number}"), Modes::DATA).unwrap();
    }
    assert_eq!(watches.counts(), super::Counts { watches: 1_000_000, clients: 1, paths: 1_000_000 });
    watches.remove_client(client);
    assert_eq!(watches.counts().clients, 0);
    assert_eq!(fire(&mut watches, Event::Deleted, "/n5"), []);
    assert!(watches.clean(1000));
    while watches.clean(1000) {}
    assert_eq!(watches.counts(), super::Counts { watches: 0, clients: 0, paths: 0 });
}

/// The watches that are there have as many bytes as they should.
#[track_caller]
fn assert_bytes(watches: &Watches, model: &Model, clients: &[(u64, Client)], name_bytes: usize) {
    assert_eq!(watches.store.bytes(), model.0.len() * WATCH_BYTES + name_bytes);
    for &(number, client) in clients {
        let own = model.0.iter().filter(|entry| entry.0 == number);
        let own: usize = own.map(|entry| WATCH_BYTES + entry.1.len()).sum();
        assert_eq!(watches.store.bytes_of(client.0), own, "of client {number}");
    }
}

/// A path with which a watch has so many bytes.
fn path_for(bytes: usize) -> String {
    format!("/{}", "x".repeat(bytes - WATCH_BYTES - 1))
}

#[test]
fn what_a_client_watches_has_a_bound() {
    let limits = Limits { of_client: 2000, total: usize::MAX, granted: 0 };
    let mut watches = Watches { limits, ..Watches::default() };
    let [client, other] = [1, 2].map(|number| watches.add_client(number));
    assert_eq!(watches.add(client, &path_for(1200), Modes::DATA), Ok(()));
    let refused = Err(TooMuch::OfClient { bytes: 1200, limit: 2000 });
    assert_eq!(watches.add(client, &path_for(801), Modes::DATA), refused);
    assert_eq!(watches.add(client, &path_for(800), Modes::DATA), Ok(()));
    assert_eq!(watches.add(client, &path_for(1200), Modes::CHILD), Ok(()), "it has the watch already");
    assert_eq!(watches.add(other, &path_for(2000), Modes::DATA), Ok(()));
    fire(&mut watches, Event::DataChanged, &path_for(800));
    assert_eq!(watches.add(client, &path_for(800), Modes::DATA), Ok(()), "it was spent");
}

#[test]
fn what_all_watch_has_a_bound_but_a_little_is_granted() {
    let limits = Limits { of_client: usize::MAX, total: 2000, granted: 500 };
    let mut watches = Watches { limits, ..Watches::default() };
    let [client, other] = [1, 2].map(|number| watches.add_client(number));
    assert_eq!(watches.add(client, &path_for(2000), Modes::DATA), Ok(()));
    assert_eq!(watches.add(other, &path_for(500), Modes::DATA), Ok(()));
    let refused = Err(TooMuch::OfAll { bytes: 2500, limit: 2000 });
    assert_eq!(watches.add(other, &path_for(200), Modes::DATA), refused);
    watches.remove_client(client);
    assert_eq!(watches.add(other, &path_for(200), Modes::DATA), refused, "its memory is not given back yet");
    watches.clean(1);
    assert_eq!(watches.add(other, &path_for(200), Modes::DATA), Ok(()));
}

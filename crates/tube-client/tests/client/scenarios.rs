//! What both drivers must do, written once for both.

/// Writes the tests for one driver.
macro_rules! scenarios {
    ($module:ident, #[$test:meta] [$($async:ident)?] [$($await:tt)*]) => {
        mod $module {
            use std::time::{Duration, Instant};

            use trellis_tube_client::$module::{Client, Producer};
            use trellis_tube_client::{Error, PutOptions, Settings, codec::Request};

            use crate::fake::Step::{Close, Dribble, End, Expect, ExpectBody, Send, SendBody};
            use crate::fake::{BODY_BYTE, Fake, nobody};

            fn client(fake: &Fake) -> Client {
                Client::new(fake.address.clone())
            }

            #[$test]
            $($async)? fn what_is_begun_together_travels_together() {
                let fake = Fake::start(&[&[
                    Expect("put 7 1 60 1\na\nput 7 1 60 1\nb\nput 7 1 60 1\nc\n"),
                    Send("INSERTED 1\nJOB_TOO_BIG\nBURIED 2\n"),
                    End,
                ]]);
                let mut client = client(&fake);
                let delay = Duration::from_millis(1);
                let options = PutOptions { priority: 7, delay, ..PutOptions::default() };
                let results = client.put_all(&["a", "b", "c"], &options)$($await)*;
                assert!(matches!(&results[0], Ok(inserted) if inserted.id == 1 && !inserted.buried));
                assert!(matches!(&results[1], Err(Error::JobTooBig)));
                assert!(matches!(&results[2], Ok(inserted) if inserted.id == 2 && inserted.buried));
                drop(client);
                fake.finish();
            }

            #[$test]
            $($async)? fn a_new_connection_is_like_the_old_one() {
                let fake = Fake::start(&[
                    &[
                        Expect("use mail\n"),
                        Send("USING mail\n"),
                        Expect("watch mail\nignore default\n"),
                        Send("WATCHING 2\nWATCHING 1\n"),
                        Expect("stats-tube mail\n"),
                        Close,
                    ],
                    &[
                        Expect("use mail\nwatch mail\nignore default\nstats-tube mail\n"),
                        Send("USING mail\nWATCHING 2\nWATCHING 1\nOK 7\nname: x\n"),
                        End,
                    ],
                ]);
                let mut client = client(&fake);
                client.use_tube("mail")$($await)*.unwrap();
                client.watch_only(&["mail"])$($await)*.unwrap();
                let statistics = client.stats_tube("mail")$($await)*.unwrap().unwrap();
                assert_eq!(statistics.text("name"), Some("x"));
                drop(client);
                fake.finish();
            }

            #[$test]
            $($async)? fn a_put_without_a_reply_is_unknown_and_not_repeated() {
                let fake = Fake::start(&[
                    &[Expect("put 1024 0 60 1\na\n"), Close],
                    &[Expect("list-tube-used\n"), Send("USING default\n"), End],
                ]);
                let mut client = client(&fake);
                let put = client.put(b"a", &PutOptions::default())$($await)*;
                assert!(matches!(put, Err(Error::Unknown { .. })), "{put:?}");
                assert_eq!(client.list_tube_used()$($await)*.unwrap(), "default");
                drop(client);
                fake.finish();
            }

            #[$test]
            $($async)? fn a_wait_of_a_quarter_of_a_second_ends_then() {
                let fake = Fake::start(&[
                    &[Expect("reserve-with-timeout 1\n"), End],
                    &[Expect("reserve-with-timeout 0\n"), Send("TIMED_OUT\n"), End],
                ]);
                let mut client = client(&fake);
                let start = Instant::now();
                assert_eq!(client.reserve(Some(Duration::from_millis(250)))$($await)*.unwrap(), None);
                assert!(start.elapsed() >= Duration::from_millis(250), "{:?}", start.elapsed());
                assert_eq!(client.reserve(Some(Duration::ZERO))$($await)*.unwrap(), None);
                drop(client);
                fake.finish();
            }

            #[$test]
            $($async)? fn another_address_is_taken_where_one_is_dead() {
                let fake = Fake::start(&[&[Expect("delete 7\n"), Send("DELETED\n"), End]]);
                let addresses = vec![nobody(), nobody(), fake.address.clone()];
                let mut client = Client::with(addresses, &Settings::default());
                client.delete(7)$($await)*.unwrap();
                drop(client);
                fake.finish();
            }

            #[$test]
            $($async)? fn nobody_there_is_said_at_once_without_patience() {
                let settings = Settings { patience: Duration::ZERO, ..Settings::default() };
                let mut client = Client::with(vec![nobody()], &settings);
                let refused = client.connect()$($await)*;
                let is_refused = |error: &Error| matches!(error, Error::Unreachable { source, .. }
                    if source.kind() == std::io::ErrorKind::ConnectionRefused);
                assert!(refused.as_ref().is_err_and(is_refused), "{refused:?}");
            }

            #[$test]
            $($async)? fn a_silent_server_is_given_up() {
                let fake = Fake::start(&[&[Expect("stats\n"), End]]);
                let settings = Settings {
                    reply_timeout: Duration::from_millis(50),
                    patience: Duration::ZERO,
                    ..Settings::default()
                };
                let mut client = Client::with(vec![fake.address.clone()], &settings);
                let silent = client.stats()$($await)*;
                let is_late = |error: &Error| matches!(error, Error::Lost { source, .. }
                    if source.kind() == std::io::ErrorKind::TimedOut);
                assert!(silent.as_ref().is_err_and(is_late), "{silent:?}");
                fake.finish();
            }

            #[$test]
            $($async)? fn a_server_that_promises_much_and_sends_little_is_given_up() {
                let promise = [Expect("peek 7\n"), Send("FOUND 7 100000000\n")];
                for rest in [End, Dribble] {
                    let fake = Fake::start(&[&[promise[0], promise[1], rest]]);
                    let settings = Settings {
                        reply_timeout: Duration::from_millis(50),
                        patience: Duration::ZERO,
                        ..Settings::default()
                    };
                    let mut client = Client::with(vec![fake.address.clone()], &settings);
                    let lost = client.peek(7)$($await)*.unwrap_err().to_string();
                    let address = &fake.address;
                    assert_eq!(lost, format!("the connection to {address} was lost before it answered: timed out"));
                    fake.finish();
                }
            }

            #[$test]
            $($async)? fn unix_sockets_are_servers_too() {
                let directory = tempfile::tempdir().unwrap();
                let script = [Expect("touch 7\n"), Send("NOT_FOUND\n"), End];
                let fake = Fake::start_unix(&directory.path().join("socket"), &[&script]);
                let mut client = client(&fake);
                assert!(matches!(client.touch(7)$($await)*, Err(Error::NotFound)));
                drop(client);
                fake.finish();
            }

            #[$test]
            $($async)? fn a_reserve_that_is_given_up_hangs_up() {
                let fake = Fake::start(&[
                    &[Expect("delete 7\nreserve\n"), Send("DELETED\n"), End],
                    &[Expect("delete 8\n"), Send("DELETED\n"), End],
                ]);
                let mut client = client(&fake);
                let delete = client.begin(&Request::Delete { id: 7 });
                let reserve = client.begin_reserve(None);
                assert!(client.outcome(delete)$($await)*.is_ok());
                client.abandon(reserve);
                client.delete(8)$($await)*.unwrap();
                assert!(matches!(client.outcome(reserve)$($await)*, Err(Error::TicketUsed)));
                drop(client);
                fake.finish();
            }

            #[$test]
            $($async)? fn large_bodies_cross_while_both_sides_write() {
                // Neither side reads before it has written all, so a client that did the same would never end.
                let body = vec![BODY_BYTE; 4 << 20];
                let fake = Fake::start(&[&[
                    Send("FOUND 7 4194304\n"),
                    SendBody(4 << 20),
                    Send("\n"),
                    Expect("peek 7\nput 1024 0 60 4194304\n"),
                    ExpectBody(4 << 20),
                    Expect("\n"),
                    Send("INSERTED 8\n"),
                    End,
                ]]);
                let mut client = client(&fake);
                let peek = client.begin(&Request::Peek { id: 7 });
                let put = Request::Put { priority: 1024, delay: 0, ttr: 60, body: &body };
                let put = client.begin(&put);
                assert!(client.outcome(peek)$($await)*.is_ok());
                assert!(client.outcome(put)$($await)*.is_ok());
                drop(client);
                fake.finish();
            }

            #[$test]
            $($async)? fn a_producer_passes_over_who_is_dead_or_drains() {
                let draining = Fake::start(&[&[
                    Expect("use mail\nput 1024 0 60 1\na\n"),
                    Send("USING mail\nDRAINING\n"),
                    Expect("put 1024 0 60 1\nb\nput 1024 0 60 1\nc\n"),
                    Send("DRAINING\nDRAINING\n"),
                    Expect("put 1024 0 60 1\nb\n"),
                    Send("DRAINING\n"),
                    Expect("put 1024 0 60 1\nc\n"),
                    Send("DRAINING\n"),
                    End,
                ]]);
                let working = Fake::start(&[&[
                    Expect("use mail\nput 1024 0 60 1\na\n"),
                    Send("USING mail\nINSERTED 1\n"),
                    Expect("put 1024 0 60 1\nb\n"),
                    Send("INSERTED 2\n"),
                    Expect("put 1024 0 60 1\nc\n"),
                    Send("INSERTED 3\n"),
                    End,
                ]]);
                let servers = vec![nobody(), draining.address.clone(), working.address.clone()];
                let mut producer = Producer::new(servers, "mail", &Settings::default()).unwrap();
                let options = PutOptions::default();
                let placed = producer.put(b"a", &options)$($await)*.unwrap();
                assert_eq!((placed.server, placed.inserted.id), (2, 1));
                let placed = producer.put_all(&["b", "c"], &options)$($await)*;
                let placed: Vec<_> = placed.into_iter().map(|placed| placed.unwrap().inserted.id).collect();
                assert_eq!(placed, [2, 3]);
                drop(producer);
                draining.finish();
                working.finish();
            }

            #[$test]
            $($async)? fn a_producer_puts_nothing_twice() {
                let dying = Fake::start(&[&[Expect("use mail\nput 1024 0 60 1\na\n"), Close]]);
                let servers = vec![dying.address.clone(), nobody()];
                let mut producer = Producer::new(servers, "mail", &Settings::default()).unwrap();
                let put = producer.put(b"a", &PutOptions::default())$($await)*;
                assert!(matches!(put, Err(Error::Unknown { .. })), "{put:?}");
                dying.finish();
            }
        }
    };
}

scenarios!(blocking, #[test] [] []);
scenarios!(tokio, #[::tokio::test] [async] [.await]);

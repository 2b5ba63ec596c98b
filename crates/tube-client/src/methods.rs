//! The calls that both clients have, written once: a macro, since they differ in `async` and `.await` only.

/// Writes the methods into an `impl`, upon `enter`, `outcome`, `call_all` and `settle`. The brackets hold what stands in
/// front of `fn` and behind a call.
macro_rules! methods {
    ([$($async:ident)?] [$($await:tt)*]) => {
        /// Puts a job into the used tube. If the connection dies before the reply, the error is
        /// [`Error::Unknown`], and the put is never repeated by itself.
        pub $($async)? fn put(&mut self, body: &[u8], options: &PutOptions) -> Result<Inserted, Error> {
            self.call(&options.request(body))$($await)*?.inserted()
        }

        /// Puts many jobs, without waiting for one reply before the next is sent. The results are in the order of
        /// the bodies; one that fails does not keep the others back.
        pub $($async)? fn put_all(
            &mut self,
            bodies: &[impl AsRef<[u8]>],
            options: &PutOptions,
        ) -> Vec<Result<Inserted, Error>> {
            let requests: Vec<Request<'_>> =
                bodies.iter().map(|body| options.request(body.as_ref())).collect();
            let answers = self.call_all(&requests)$($await)*;
            answers.into_iter().map(|answer| answer?.inserted()).collect()
        }

        /// Makes this the tube that puts, kicks and peeks mean, also on later connections.
        pub $($async)? fn use_tube(&mut self, tube: &str) -> Result<(), Error> {
            self.call(&Request::Use { tube })$($await)*?.done()
        }

        /// Takes jobs from this tube, too, also on later connections. Returns how many tubes are watched.
        pub $($async)? fn watch(&mut self, tube: &str) -> Result<u64, Error> {
            Ok(self.call(&Request::Watch { tube })$($await)*?.count())
        }

        /// Takes no more jobs from this tube. Returns how many tubes are watched. The last one can't be ignored.
        pub $($async)? fn ignore(&mut self, tube: &str) -> Result<u64, Error> {
            Ok(self.call(&Request::Ignore { tube })$($await)*?.count())
        }

        /// Takes jobs from these tubes and no others. Without any, nothing changes.
        pub $($async)? fn watch_only(&mut self, tubes: &[impl AsRef<str>]) -> Result<(), Error> {
            let tubes: Vec<&str> = tubes.iter().map(AsRef::as_ref).collect();
            if tubes.is_empty() {
                return Ok(());
            }
            let others = self.machine.watched().iter().filter(|tube| !tubes.contains(&tube.as_str()));
            let others: Vec<String> = others.cloned().collect();
            let watches = tubes.iter().map(|tube| Request::Watch { tube });
            let ignores = others.iter().map(|tube| Request::Ignore { tube });
            let requests: Vec<Request<'_>> = watches.chain(ignores).collect();
            for answer in self.call_all(&requests)$($await)* {
                answer?;
            }
            Ok(())
        }

        /// Waits for a job for so long, to the millisecond, or for ever; `None` if none came in time. The job is
        /// this connection's until it is deleted, released or buried, its time to run is over, or the connection
        /// ends.
        ///
        /// A wait with a part of a second is ended by hanging up, so that a job that comes just then goes back at
        /// once. While the client holds other jobs, they would go back, too: then it waits for the next whole
        /// second.
        pub $($async)? fn reserve(&mut self, wait: Option<Duration>) -> Result<Option<Job>, Error> {
            let ticket = self.begin_reserve(wait);
            Ok(self.outcome(ticket)$($await)*?.job())
        }

        /// Reserves one given job, unless another client holds it. `None` if there is no such job to be had.
        pub $($async)? fn reserve_job(&mut self, id: u64) -> Result<Option<Job>, Error> {
            Ok(self.call(&Request::ReserveJob { id })$($await)*?.job())
        }

        /// Deletes a job that this client holds, or nobody.
        pub $($async)? fn delete(&mut self, id: u64) -> Result<(), Error> {
            self.call(&Request::Delete { id })$($await)*?.done()
        }

        /// Makes a job that this client holds ready, at once or after a delay. Delays count in whole seconds.
        pub $($async)? fn release(&mut self, id: u64, priority: u32, delay: Duration) -> Result<(), Error> {
            self.call(&Request::Release { id, priority, delay: seconds(delay) })$($await)*?.done()
        }

        /// Sets a job that this client holds aside until it is kicked.
        pub $($async)? fn bury(&mut self, id: u64, priority: u32) -> Result<(), Error> {
            self.call(&Request::Bury { id, priority })$($await)*?.done()
        }

        /// Starts the time to run of a job that this client holds anew.
        pub $($async)? fn touch(&mut self, id: u64) -> Result<(), Error> {
            self.call(&Request::Touch { id })$($await)*?.done()
        }

        /// Looks at a job.
        pub $($async)? fn peek(&mut self, id: u64) -> Result<Option<Job>, Error> {
            Ok(self.call(&Request::Peek { id })$($await)*?.job())
        }

        /// Looks at the job of the used tube that is next to be reserved.
        pub $($async)? fn peek_ready(&mut self) -> Result<Option<Job>, Error> {
            Ok(self.call(&Request::PeekReady)$($await)*?.job())
        }

        /// Looks at the job of the used tube whose delay is over first.
        pub $($async)? fn peek_delayed(&mut self) -> Result<Option<Job>, Error> {
            Ok(self.call(&Request::PeekDelayed)$($await)*?.job())
        }

        /// Looks at the job of the used tube that was buried first.
        pub $($async)? fn peek_buried(&mut self) -> Result<Option<Job>, Error> {
            Ok(self.call(&Request::PeekBuried)$($await)*?.job())
        }

        /// Makes at most so many of the used tube's buried jobs ready; if it has none, of its delayed ones.
        /// Returns how many.
        pub $($async)? fn kick(&mut self, bound: u32) -> Result<u64, Error> {
            Ok(self.call(&Request::Kick { bound })$($await)*?.count())
        }

        /// Makes one buried or delayed job ready.
        pub $($async)? fn kick_job(&mut self, id: u64) -> Result<(), Error> {
            self.call(&Request::KickJob { id })$($await)*?.done()
        }

        /// The server's statistics.
        pub $($async)? fn stats(&mut self) -> Result<Statistics, Error> {
            Ok(self.call(&Request::Stats)$($await)*?.statistics().unwrap_or_default())
        }

        /// A job's statistics, if there is such a job.
        pub $($async)? fn stats_job(&mut self, id: u64) -> Result<Option<Statistics>, Error> {
            Ok(self.call(&Request::StatsJob { id })$($await)*?.statistics())
        }

        /// A tube's statistics, if there is such a tube.
        pub $($async)? fn stats_tube(&mut self, tube: &str) -> Result<Option<Statistics>, Error> {
            Ok(self.call(&Request::StatsTube { tube })$($await)*?.statistics())
        }

        /// The names of all tubes.
        pub $($async)? fn list_tubes(&mut self) -> Result<Vec<String>, Error> {
            Ok(self.call(&Request::ListTubes)$($await)*?.list())
        }

        /// The name of the used tube.
        pub $($async)? fn list_tube_used(&mut self) -> Result<String, Error> {
            Ok(self.call(&Request::ListTubeUsed)$($await)*?.tube())
        }

        /// The names of the watched tubes.
        pub $($async)? fn list_tubes_watched(&mut self) -> Result<Vec<String>, Error> {
            Ok(self.call(&Request::ListTubesWatched)$($await)*?.list())
        }

        /// Has no jobs of the tube handed out for a while; zero ends that. It counts in whole seconds.
        pub $($async)? fn pause(&mut self, tube: &str, time: Duration) -> Result<(), Error> {
            self.call(&Request::PauseTube { tube, delay: seconds(time) })$($await)*?.done()
        }

        /// Connects now, and not only with the first request.
        pub $($async)? fn connect(&mut self) -> Result<(), Error> {
            let now = self.enter();
            let ticket = self.machine.connect(now);
            self.outcome(ticket)$($await)*?.done()
        }

        /// Makes any request.
        pub $($async)? fn call(&mut self, request: &Request<'_>) -> Result<Answer, Error> {
            let ticket = self.begin(request);
            self.outcome(ticket)$($await)*
        }

        /// Begins a request whose outcome is asked for later: what is begun together travels together. A ticket
        /// must be redeemed with `outcome` or given up with `abandon`.
        pub fn begin(&mut self, request: &Request<'_>) -> Ticket {
            let now = self.enter();
            self.machine.request(request, now)
        }

        /// Begins a reserve, as `begin` does.
        pub fn begin_reserve(&mut self, wait: Option<Duration>) -> Ticket {
            let now = self.enter();
            self.machine.reserve(wait, now)
        }

        /// Gives a ticket up. A job that it has reserved, or will, goes back to the server.
        pub fn abandon(&mut self, ticket: Ticket) {
            let now = self.enter();
            self.machine.abandon(ticket, now);
            self.settle();
        }

        /// Ends the connection without a word: jobs that it holds are ready again. The next request makes a new
        /// one.
        pub fn hang_up(&mut self) {
            let now = self.enter();
            self.machine.hang_up(now);
            self.settle();
        }

        /// Whether this client holds the job, as far as it was told.
        pub fn holds(&self, id: u64) -> bool {
            self.machine.holds(id)
        }

        /// The tube that puts, kicks and peeks mean, as far as this client knows without asking.
        pub fn used(&self) -> &str {
            self.machine.used()
        }

        /// Whether there is a connection.
        pub fn is_connected(&self) -> bool {
            self.machine.is_connected()
        }
    };
}

pub(crate) use methods;

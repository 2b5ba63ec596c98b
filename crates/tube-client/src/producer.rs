//! What both producers do, written once: a macro, since they differ in `async` and `.await` only.

/// Writes the methods into an `impl`, upon a `Client`, `now` and `wait_until` in its scope.
macro_rules! producer {
    ([$($async:ident)?] [$($await:tt)*]) => {
        /// A producer for one tube. Nothing is connected yet.
        ///
        /// # Errors
        /// If the tube's name is none, or there is no server.
        pub fn new(servers: Vec<Address>, tube: &str, settings: &Settings) -> Result<Self, Error> {
            let spread = Spread::new(&servers);
            if servers.is_empty() {
                return Err(Error::NoServer);
            }
            let alone = settings.of_one_among(servers.len());
            let clients = servers.into_iter().map(|server| {
                let mut client = Client::with(vec![server], &alone);
                client.machine.assume_tubes(Some(tube), &[])?;
                Ok(client)
            });
            Ok(Self { clients: clients.collect::<Result<_, Error>>()?, spread, settings: settings.clone() })
        }

        /// Puts a job into the server whose turn it is, or the next one that takes it.
        pub $($async)? fn put(&mut self, body: &[u8], options: &PutOptions) -> Result<Placed, Error> {
            let order = self.spread.in_turn();
            self.put_in_order(&order, body, options)$($await)*
        }

        /// Puts a job into the server that this key belongs to: jobs with the same key meet on the same server as
        /// long as it takes them.
        pub $($async)? fn put_by_key(
            &mut self,
            key: &[u8],
            body: &[u8],
            options: &PutOptions,
        ) -> Result<Placed, Error> {
            let order = self.spread.by_key(key);
            self.put_in_order(&order, body, options)$($await)*
        }

        /// Puts many jobs into the server whose turn it is, all on their way at once; what it does not take goes to
        /// the next. The results are in the order of the bodies.
        pub $($async)? fn put_all(
            &mut self,
            bodies: &[impl AsRef<[u8]>],
            options: &PutOptions,
        ) -> Vec<Result<Placed, Error>> {
            let order = self.spread.in_turn();
            let server = order[0];
            let results = self.clients[server].put_all(bodies, options)$($await)*;
            let mut placed = Vec::with_capacity(results.len());
            for (result, body) in results.into_iter().zip(bodies) {
                placed.push(match result {
                    Err(error) if error.is_elsewhere_possible() => {
                        self.put_in_order(&order, body.as_ref(), options)$($await)*
                    }
                    result => result.map(|inserted| Placed { server, inserted }),
                });
            }
            placed
        }

        /// The client of one server, by its place in the list, for anything else.
        pub fn client(&mut self, server: usize) -> Option<&mut Client> {
            self.clients.get_mut(server)
        }

        $($async)? fn put_in_order(
            &mut self,
            order: &[usize],
            body: &[u8],
            options: &PutOptions,
        ) -> Result<Placed, Error> {
            let start = now();
            loop {
                let mut retry_at = None;
                let mut failure = Error::NoServer;
                for &server in order {
                    let client = &mut self.clients[server];
                    match client.put(body, options)$($await)* {
                        Err(error) if error.is_elsewhere_possible() => {
                            failure = error;
                            retry_at = [retry_at, client.machine.retry_at()].into_iter().flatten().min();
                        }
                        result => return result.map(|inserted| Placed { server, inserted }),
                    }
                }
                let Some(retry_at) = retry_at else { return Err(failure) };
                if retry_at.saturating_duration_since(start) >= self.settings.patience {
                    return Err(failure);
                }
                wait_until(retry_at)$($await)*;
            }
        }
    };
}

pub(crate) use producer;

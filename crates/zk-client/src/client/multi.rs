//! Many operations in one request.

use trellis_zk_codec::{Create, ErrorCode, Operation, OperationResult, ReadOperation, Reply, Request};

use super::Client;
use crate::error::Error;
use crate::path;
use crate::values::Done;

impl Client {
    /// Carries out all operations in this order, or none. It is sent when this is called.
    ///
    /// ```no_run
    /// # async fn example(client: trellis_zk_client::Client) -> Result<(), trellis_zk_client::Error> {
    /// use trellis_zk_client::Operation;
    ///
    /// let (check, delete) = ("/lock", "/job");
    /// client
    ///     .multi(&[
    ///         Operation::Check { path: check, version: 3 },
    ///         Operation::Delete { path: delete, version: -1 },
    ///     ])
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// With [`Error::Refused`], the code and the path are those of the operation that failed.
    pub fn multi(
        &self,
        operations: &[Operation<'_>],
    ) -> impl Future<Output = Result<Vec<Done>, Error>> + Send + use<> {
        let user_paths: Vec<String> =
            operations.iter().map(|operation| path_of(operation).to_owned()).collect();
        let paths: Vec<String> = user_paths.iter().map(|path| self.shared().chroot.to_server(path)).collect();
        let wrong = operations.iter().find_map(|operation| check(operation).err());
        let call = wrong.map_or_else(
            || {
                let moved: Vec<Operation<'_>> = operations
                    .iter()
                    .zip(&paths)
                    .map(|(operation, path)| with_path(operation, path))
                    .collect();
                Ok(self.call(&Request::Multi(moved.as_slice().into())))
            },
            Err,
        );
        let client = self.clone();
        async move {
            let answer = call?.await?;
            let Reply::Results(results) = answer.reply()? else { return Err(Error::Unexpected) };
            for (result, path) in results.iter().zip(&user_paths) {
                match result {
                    OperationResult::Error(ErrorCode::RuntimeInconsistency) | OperationResult::Undone => {}
                    OperationResult::Error(code) => {
                        return Err(Error::Refused { code, path: Some(path.clone()) });
                    }
                    _ => {}
                }
            }
            results.iter().map(|result| Done::read(result, &client.shared().chroot)).collect()
        }
    }

    /// Reads many nodes at once, each for itself. It is sent when this is called.
    ///
    /// # Errors
    /// If none was read. What is wrong with a single one stands in its place.
    pub fn multi_read(
        &self,
        operations: &[ReadOperation<'_>],
    ) -> impl Future<Output = Result<Vec<Done>, Error>> + Send + use<> {
        let chroot = &self.shared().chroot;
        let paths: Vec<String> = operations
            .iter()
            .map(|operation| match operation {
                ReadOperation::GetData { path } | ReadOperation::GetChildren { path } => {
                    chroot.to_server(path)
                }
            })
            .collect();
        let moved: Vec<ReadOperation<'_>> = operations
            .iter()
            .zip(&paths)
            .map(|(operation, path)| match operation {
                ReadOperation::GetData { .. } => ReadOperation::GetData { path },
                ReadOperation::GetChildren { .. } => ReadOperation::GetChildren { path },
            })
            .collect();
        let call = self.call(&Request::MultiRead(moved.as_slice().into()));
        let client = self.clone();
        async move {
            let answer = call.await?;
            let Reply::Results(results) = answer.reply()? else { return Err(Error::Unexpected) };
            results.iter().map(|result| Done::read(result, &client.shared().chroot)).collect()
        }
    }
}

fn path_of<'a>(operation: &Operation<'a>) -> &'a str {
    match *operation {
        Operation::Create(create)
        | Operation::Create2(create)
        | Operation::CreateContainer(create)
        | Operation::CreateTtl { create, .. } => create.path,
        Operation::Delete { path, .. } | Operation::SetData { path, .. } | Operation::Check { path, .. } => {
            path
        }
        Operation::Modeless { .. } => "/",
    }
}

fn check(operation: &Operation<'_>) -> Result<(), Error> {
    let sequential = match operation {
        Operation::Create(create)
        | Operation::Create2(create)
        | Operation::CreateContainer(create)
        | Operation::CreateTtl { create, .. } => create.mode.is_sequential(),
        _ => false,
    };
    let path = path_of(operation);
    Ok(if sequential { path::check(&format!("{path}1")) } else { path::check(path) }?)
}

fn with_path<'a>(operation: &Operation<'a>, path: &'a str) -> Operation<'a> {
    let moved = |create: Create<'a>| Create { path, ..create };
    match *operation {
        Operation::Create(create) => Operation::Create(moved(create)),
        Operation::Create2(create) => Operation::Create2(moved(create)),
        Operation::CreateContainer(create) => Operation::CreateContainer(moved(create)),
        Operation::CreateTtl { create, ttl_ms } => Operation::CreateTtl { create: moved(create), ttl_ms },
        Operation::Delete { version, .. } => Operation::Delete { path, version },
        Operation::SetData { data, version, .. } => Operation::SetData { path, data, version },
        Operation::Check { version, .. } => Operation::Check { path, version },
        Operation::Modeless { op, flags } => Operation::Modeless { op, flags },
    }
}

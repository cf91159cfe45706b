//! The language server: what an editor asks over standard input and output, put to `engine::Draft`, `assist` and `format`. Home of
//! lsp-server and lsp-types. Nothing is decided here: this is the protocol's side of it.

mod answer;
mod desk;
mod offers;
mod place;
mod problems;
mod server;
mod welcome;

use std::path::Path;

use lsp_server::{Connection, Message};

use crate::engine::Options;
use crate::world::World;
use server::Server;

/// Serves one editor until it says goodbye; then the exit code it asks for: 0 after a farewell in form, 1 without.
pub fn serve(world: &dyn World, project: Option<&Path>, options: &Options) -> Result<u8, String> {
    let (connection, threads) = Connection::stdio();
    let told = |error: lsp_server::ProtocolError| error.to_string();
    let (id, asked) = connection.initialize_start().map_err(told)?;
    let client = welcome::client(asked)?;
    connection.initialize_finish(id, welcome::answer()).map_err(told)?;
    let mut server = Server::new(world, &connection, project, options, client);
    server.greet();
    let farewell = talk(&connection, &mut server)?;
    drop(server);
    drop(connection);
    threads.join().map_err(|error| error.to_string())?;
    Ok(if farewell { 0 } else { 1 })
}

/// Messages in a row after which problems are told although more messages wait.
const MOST_UNTOLD: u32 = 50;

/// Whether the editor took its leave.
fn talk(connection: &Connection, server: &mut Server<'_>) -> Result<bool, String> {
    let mut untold = 0;
    while let Ok(message) = connection.receiver.recv() {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request).map_err(|error| error.to_string())? {
                    return Ok(true);
                }
                server.request(request);
            }
            Message::Notification(notification) => server.notice(notification),
            // The editor's yes to what it was told.
            Message::Response(_) => {}
        }
        untold += 1;
        // What came while the last change was looked at is one change, unless it never ends.
        if connection.receiver.is_empty() || untold == MOST_UNTOLD {
            server.publish();
            untold = 0;
        }
    }
    Ok(false)
}

//! Artifacts of an account, read while they arrive: of a file that may be larger than memory should be, only what is kept is held.
//!
//! JSON is read on a thread of its own, which is handed the body piece by piece. What it does not look at is passed over.

use std::io::{self, BufReader, Read};

use bytes::Bytes;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::wire::{BodyStream, WireError};

/// Pieces that wait to be read.
const WAITING: usize = 4;
const BUFFER: usize = 64 * 1024;

/// Why a body is not what was asked for.
pub(super) enum DistillError {
    /// It did not arrive whole.
    Wire(WireError),
    /// It is not of the artifact's form.
    Form(String),
}

/// Reads a body as JSON, keeping what `T` keeps. A body without a proper end is an error.
pub(super) async fn distill<T: DeserializeOwned + Send + 'static>(
    mut body: BodyStream,
) -> Result<T, DistillError> {
    let (pieces, received) = mpsc::channel::<Option<Bytes>>(WAITING);
    let reader = tokio::task::spawn_blocking(move || {
        let arriving = ArrivingBody {
            pieces: received,
            piece: Bytes::new(),
            is_over: false,
        };
        serde_json::from_reader::<_, T>(BufReader::with_capacity(BUFFER, arriving))
    });
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(DistillError::Wire)?;
        // Whoever reads no further has found what is wrong.
        if pieces.send(Some(piece)).await.is_err() {
            break;
        }
    }
    let _ = pieces.send(None).await;
    match reader.await {
        Ok(read) => read.map_err(|error| DistillError::Form(error.to_string())),
        Err(error) => Err(DistillError::Form(error.to_string())),
    }
}

/// The pieces of a body in the order they came, as a reader. `None` is the proper end; without it the body was given up.
struct ArrivingBody {
    pieces: mpsc::Receiver<Option<Bytes>>,
    piece: Bytes,
    is_over: bool,
}

impl Read for ArrivingBody {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.is_over {
            match self.pieces.blocking_recv() {
                Some(Some(piece)) => self.piece = piece,
                Some(None) => self.is_over = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let mut piece: &[u8] = &self.piece;
        let read = piece.read(into)?;
        let _ = self.piece.split_to(read);
        Ok(read)
    }
}

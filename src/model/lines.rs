use bytes::BytesMut;
use futures_util::{Stream, StreamExt};

use crate::wire::{BodyStream, WireError};

/// The same bytes, handed on at ends of lines only. A reader of event streams looks at an open line anew with each
/// piece of it; a line of megabytes would take it minutes.
pub(super) fn whole_lines(
    mut body: BodyStream,
) -> impl Stream<Item = Result<bytes::Bytes, WireError>> + Send {
    async_stream::try_stream! {
        let mut held = BytesMut::new();
        while let Some(piece) = body.next().await {
            let mut piece = piece?;
            let Some(end) = piece.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) else {
                held.extend_from_slice(&piece);
                continue;
            };
            let open = piece.split_off(end.saturating_add(1));
            held.extend_from_slice(&piece);
            yield held.split().freeze();
            held.extend_from_slice(&open);
        }
        if !held.is_empty() {
            yield held.freeze();
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn pieces_end_where_lines_end() {
        let pieces = ["da", "ta: 1", "\n\nda", "ta", ": 2\n", "open"].map(|piece| Ok(Bytes::from(piece)));
        let lines: Vec<_> = whole_lines(stream::iter(pieces).boxed())
            .map(Result::unwrap)
            .collect()
            .await;
        assert_eq!(lines, ["data: 1\n\n", "data: 2\n", "open"]);
    }
}

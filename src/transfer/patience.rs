//! A stream that gives up on a reader who takes nothing, or next to nothing: a slot is not for those who only hold it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How often a reader's pace is looked at while it keeps us waiting.
pub(super) const WINDOW: Duration = Duration::from_secs(60);
/// Bytes that it has to take in that time: a twentieth of a modem's.
const MIN_BYTES: u64 = 16 * 1024;

/// Wraps a stream's writing side.
pub(super) struct Patience<S> {
    stream: S,
    /// Runs while the other side keeps us waiting.
    timer: Pin<Box<Sleep>>,
    waiting: bool,
    written: u64,
}

impl<S> Patience<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, timer: Box::pin(tokio::time::sleep(WINDOW)), waiting: false, written: 0 }
    }

    /// The writer has to wait: is the reader too slow?
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if !self.waiting {
            self.restart();
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if self.written < MIN_BYTES {
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the other node takes next to nothing"));
            }
            self.restart();
        }
        Poll::Pending
    }

    fn restart(&mut self) {
        self.timer.as_mut().reset(Instant::now() + WINDOW);
        (self.waiting, self.written) = (true, 0);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patience<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patience<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.account(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.account(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Pending => self.wait(cx).map(Err),
            Poll::Ready(result) => {
                // Nothing is owed: the next wait begins anew.
                self.waiting = false;
                Poll::Ready(result)
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_shutdown(cx) {
            Poll::Pending => self.wait(cx).map(Err),
            Poll::Ready(result) => Poll::Ready(result),
        }
    }
}

impl<S> Patience<S> {
    fn account(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match result {
            Poll::Pending => self.wait(cx).map(Err),
            Poll::Ready(result) => {
                self.written += result.as_ref().map_or(0, |count| *count as u64);
                Poll::Ready(result)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_reads_nothing_is_cut_and_who_reads_slowly_is_not() {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        let began = Instant::now();
        let writer = tokio::spawn(async move {
            let mut stream = Patience::new(ours);
            loop {
                if let Err(error) = stream.write_all(&[0; 32 * 1024]).await {
                    return (error.kind(), began.elapsed());
                }
            }
        });
        // 32 KiB every 50 seconds for a while: slow, but alive.
        let mut buffer = vec![0; 32 * 1024];
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(50)).await;
            theirs.read_exact(&mut buffer).await.unwrap();
        }
        let (kind, after) = writer.await.unwrap();
        assert_eq!(kind, io::ErrorKind::TimedOut);
        assert!(after > Duration::from_secs(500) && after < Duration::from_secs(500) + 3 * WINDOW, "{after:?}");
    }
}

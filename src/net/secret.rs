//! The passphrase of a private overlay: proven on every connection, right after TLS and before anything else is said.
//!
//! Each end sends a MAC over a secret of this very connection (the TLS exporter, RFC 8446 section 7.5), so that a proof can
//! neither be replayed nor be passed on by somebody in between. The end that dialled proves first; the other answers only
//! after it checked, and who fails learns nothing but that the connection closed.

use std::io;
use std::num::NonZeroU32;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The label under which the connection's secret is exported.
pub(super) const EXPORTER: &[u8] = b"EXPORTER-hopscope-private";
/// What tells this use of the passphrase from any other.
const CONTEXT: &str = "hopscope 2026 private overlay passphrase v1";
/// Makes each guess at a passphrase cost a fifth of a second to somebody who got hold of a proof (OWASP, 2023).
const STRETCH: NonZeroU32 = NonZeroU32::new(600_000).expect("not zero");
/// The two proofs of a connection differ, so that one cannot be sent back as the other.
const DIALLER: &[u8] = b"dialler";
const LISTENER: &[u8] = b"listener";

/// The key that members of a private overlay share.
#[derive(Clone)]
pub(super) struct Secret([u8; 32]);

impl Secret {
    /// The key of a passphrase. Takes some tenths of a second of computing on purpose: not for a runtime's own thread.
    pub(super) fn new(passphrase: &str) -> Self {
        let mut stretched = [0; 32];
        let algorithm = ring::pbkdf2::PBKDF2_HMAC_SHA256;
        ring::pbkdf2::derive(algorithm, STRETCH, CONTEXT.as_bytes(), passphrase.as_bytes(), &mut stretched);
        Self(blake3::derive_key(CONTEXT, &stretched))
    }

    fn proof(&self, side: &[u8], binding: &[u8; 32]) -> blake3::Hash {
        blake3::Hasher::new_keyed(&self.0).update(side).update(binding).finalize()
    }

    /// Proves and checks, as the end that dialled.
    pub(super) async fn prove_dialler(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        binding: &[u8; 32],
    ) -> io::Result<()> {
        stream.write_all(self.proof(DIALLER, binding).as_bytes()).await?;
        stream.flush().await?;
        self.check(stream, LISTENER, binding).await
    }

    /// Checks and proves, as the end that was dialled.
    pub(super) async fn prove_listener(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        binding: &[u8; 32],
    ) -> io::Result<()> {
        self.check(stream, DIALLER, binding).await?;
        stream.write_all(self.proof(LISTENER, binding).as_bytes()).await?;
        stream.flush().await
    }

    async fn check(&self, stream: &mut (impl AsyncRead + Unpin), side: &[u8], binding: &[u8; 32]) -> io::Result<()> {
        let mut shown = [0; 32];
        stream.read_exact(&mut shown).await?;
        // `Hash` compares in constant time.
        if blake3::Hash::from_bytes(shown) == self.proof(side, binding) {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "it does not know the passphrase"))
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::Secret;

    fn secret(byte: u8) -> Secret {
        Secret([byte; 32])
    }

    #[tokio::test]
    async fn members_recognise_each_other() {
        let (mut one, mut other) = tokio::io::duplex(256);
        let (dialler, listener) = (secret(1), secret(1));
        let (a, b) =
            tokio::join!(dialler.prove_dialler(&mut one, &[7; 32]), listener.prove_listener(&mut other, &[7; 32]));
        assert!(a.is_ok() && b.is_ok());
    }

    #[tokio::test]
    async fn a_stranger_gets_not_a_single_byte() {
        for (theirs, binding) in [(secret(2), [7; 32]), (secret(1), [8; 32])] {
            let (mut one, mut other) = tokio::io::duplex(256);
            let stranger = async {
                let result = theirs.prove_dialler(&mut one, &binding).await;
                let mut rest = Vec::new();
                one.read_to_end(&mut rest).await.unwrap();
                (result, rest)
            };
            let member = async move {
                let result = secret(1).prove_listener(&mut other, &[7; 32]).await;
                drop(other);
                result
            };
            let ((refused, rest), checked) = tokio::join!(stranger, member);
            assert!(refused.is_err() && checked.is_err());
            assert!(rest.is_empty());
        }
    }

    #[tokio::test]
    async fn a_proof_sent_back_proves_nothing() {
        let (mut one, mut other) = tokio::io::duplex(256);
        let echo = async {
            let mut shown = [0; 32];
            other.read_exact(&mut shown).await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut other, &shown).await.unwrap();
        };
        let member = secret(1);
        let (result, ()) = tokio::join!(member.prove_dialler(&mut one, &[7; 32]), echo);
        assert!(result.is_err());
    }

    #[test]
    fn passphrases_give_different_keys() {
        assert_ne!(Secret::new("a").0, Secret::new("b").0);
    }
}

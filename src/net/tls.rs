//! TLS 1.3 between two keys: raw public keys (RFC 7250) on both ends, no certificates, no names, no authorities.
//!
//! The handshake proves that the other end holds the key whose hash is its node id, and nothing else: whom to trust with
//! what is for the layers above.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{
    CertificateError, CipherSuite, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible,
    ServerConfig, SignatureScheme,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::identity::{Identity, node_id};
use super::secret;
use crate::proto::NodeId;

/// What a connection is for. The protocol name in the TLS handshake (ALPN) says it, so that one port serves all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A link of the overlay.
    Link,
    /// Delivery of hits and reports.
    Direct,
    /// A file transfer.
    File,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Link, Self::Direct, Self::File];

    /// The protocol's name and version, as it goes over the wire.
    #[must_use]
    pub const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Link => b"hopscope/1",
            Self::Direct => b"hopscope-direct/1",
            Self::File => b"hopscope-file/1",
        }
    }
}

/// What a finished handshake showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proven {
    /// Who is at the other end.
    pub(super) node: NodeId,
    /// What for.
    pub(super) purpose: Purpose,
    /// A secret of this connection alone, known to both ends: what passphrases are proven against.
    pub(super) binding: [u8; 32],
}

/// This node's end of every handshake.
#[derive(Clone)]
pub(super) struct Tls {
    acceptor: TlsAcceptor,
    connectors: [TlsConnector; 3],
}

impl Tls {
    /// Both ends of one identity.
    pub(super) fn new(identity: &Identity) -> Result<Self, Error> {
        let provider = Arc::new(provider());
        let key =
            Arc::new(CertifiedKey::new(vec![CertificateDer::from(identity.spki().to_vec())], identity.signing_key()));
        let verifier = Arc::new(Ed25519Only { algorithms: provider.signature_verification_algorithms });

        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(Arc::<Ed25519Only>::clone(&verifier))
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(Arc::clone(&key))));
        server.alpn_protocols = Purpose::ALL.iter().map(|purpose| purpose.alpn().to_vec()).collect();
        // Resumption would save a signature a connection and cost a cache that strangers fill.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;

        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(key)));
        client.resumption = Resumption::disabled();
        client.enable_sni = false;
        let connectors = Purpose::ALL.map(|purpose| {
            let mut config = client.clone();
            config.alpn_protocols = vec![purpose.alpn().to_vec()];
            TlsConnector::from(Arc::new(config))
        });
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(server)), connectors })
    }

    /// The answering end. It costs a signature, so the caller bounds how many run at once and for how long.
    pub(super) async fn accept<S>(&self, socket: S) -> std::io::Result<(TlsStream<S>, Proven)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = TlsStream::from(self.acceptor.accept(socket).await?);
        let proven = proven(&stream)?;
        Ok((stream, proven))
    }

    /// The dialling end.
    pub(super) async fn connect<S>(&self, socket: S, purpose: Purpose) -> std::io::Result<(TlsStream<S>, Proven)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        // Never sent and never checked; the interface wants one.
        let nobody = ServerName::try_from("hopscope.invalid").map_err(std::io::Error::other)?;
        let connector = &self.connectors[purpose as usize];
        let stream = TlsStream::from(connector.connect(nobody, socket).await?);
        let proven = proven(&stream)?;
        Ok((stream, proven))
    }
}

fn proven<S>(stream: &TlsStream<S>) -> std::io::Result<Proven> {
    let (_, session) = stream.get_ref();
    let spki = session.peer_certificates().and_then(|keys| keys.first());
    let purpose = Purpose::ALL.into_iter().find(|purpose| session.alpn_protocol() == Some(purpose.alpn()));
    let (Some(spki), Some(purpose)) = (spki, purpose) else {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "it names no protocol of hopscope"));
    };
    let binding = match stream {
        TlsStream::Client(stream) => stream.get_ref().1.export_keying_material([0; 32], secret::EXPORTER, None),
        TlsStream::Server(stream) => stream.get_ref().1.export_keying_material([0; 32], secret::EXPORTER, None),
    };
    let binding = binding.map_err(std::io::Error::other)?;
    Ok(Proven { node: node_id(spki), purpose, binding })
}

/// ring, with the cheaper of the two AES first: 128 bits are beyond reach as well.
fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
}

/// Takes any Ed25519 key and checks that the other end holds it.
#[derive(Debug)]
struct Ed25519Only {
    algorithms: WebPkiSupportedAlgorithms,
}

/// A SubjectPublicKeyInfo of Ed25519 (RFC 8410): this, then 32 bytes. Any other spelling would give one key two ids.
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl Ed25519Only {
    fn check_key(key: &CertificateDer<'_>, rest: &[CertificateDer<'_>]) -> Result<(), Error> {
        let well_formed = key.len() == ED25519_SPKI.len() + 32 && key.starts_with(&ED25519_SPKI) && rest.is_empty();
        if well_formed { Ok(()) } else { Err(Error::InvalidCertificate(CertificateError::BadEncoding)) }
    }

    fn check_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let spki = SubjectPublicKeyInfoDer::from(key.as_ref());
        verify_tls13_signature_with_raw_key(message, &spki, signature, &self.algorithms)
    }
}

impl ServerCertVerifier for Ed25519Only {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Self::check_key(key, rest).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, key, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Ed25519Only {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        key: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Self::check_key(key, rest).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, key, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::version::TLS13;

    use super::{Ed25519Only, Purpose, Tls, provider};
    use crate::net::identity::Identity;

    #[tokio::test]
    async fn both_ends_learn_who_the_other_is_and_what_it_wants() {
        let (alice, bob) = (Identity::ephemeral().unwrap(), Identity::ephemeral().unwrap());
        let (here, there) = (Tls::new(&alice).unwrap(), Tls::new(&bob).unwrap());
        for purpose in Purpose::ALL {
            let (one, other) = tokio::io::duplex(64 * 1024);
            let (dialled, accepted) = tokio::join!(here.connect(one, purpose), there.accept(other));
            let ((_, dialled), (_, accepted)) = (dialled.unwrap(), accepted.unwrap());
            assert_eq!((dialled.node, accepted.node), (bob.node(), alice.node()));
            assert_eq!((dialled.purpose, accepted.purpose), (purpose, purpose));
            assert_eq!(dialled.binding, accepted.binding);
        }
    }

    #[tokio::test]
    async fn who_brings_no_key_is_refused() {
        let server = Tls::new(&Identity::ephemeral().unwrap()).unwrap();
        let mut config = rustls::ClientConfig::builder_with_provider(provider().into())
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(std::sync::Arc::new(Ed25519Only {
                algorithms: provider().signature_verification_algorithms,
            }))
            .with_no_client_auth();
        config.alpn_protocols = vec![Purpose::Link.alpn().to_vec()];
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
        let (one, other) = tokio::io::duplex(64 * 1024);
        let name = "hopscope.invalid".try_into().unwrap();
        let (_, accepted) = tokio::join!(connector.connect(name, one), server.accept(other));
        assert!(accepted.is_err());
    }

    #[test]
    fn only_one_spelling_of_a_key_is_taken() {
        let good = Identity::ephemeral().unwrap().spki().to_vec();
        let check = |bytes: &[u8]| Ed25519Only::check_key(&CertificateDer::from(bytes.to_vec()), &[]).is_ok();
        assert!(check(&good));
        assert!(!check(&good[..43]) && !check(&[good.as_slice(), &[0]].concat()) && !check(&[]));
        let mut other = good;
        other[1] ^= 1;
        assert!(!check(&other));
    }
}

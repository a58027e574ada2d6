//! Magnet links: a file's content, what it is called, and who has it, as one line of text that can be pasted anywhere.
//!
//! Read leniently, because links come from other programs and through chats and shells; printed in one canonical form:
//! `magnet:?xt=urn:blake3:<hex>&dn=<name>&xl=<bytes>&x.pe=<host:port>&x.id=<node>`. BLAKE3 has no registered URN, so this
//! one is private to hopscope; `x.pe` is BitTorrent's field for an address, and `x.id` says who answers there.

use std::fmt::{self, Write};
use std::net::SocketAddr;
use std::str::FromStr;

use super::limits::MAX_FILE_NAME;
use super::{FileId, NodeId, PeerAddr, Untrusted};

/// Bytes of a link that are read; longer ones are refused.
pub const MAX_MAGNET: usize = 8 * 1024;
/// Fields of a link that are read; more are refused.
pub const MAX_FIELDS: usize = 64;
/// Sources of a link that are kept; more are ignored.
pub const MAX_SOURCES: usize = 16;

const SCHEME: &str = "magnet:?";
const URN: &str = "urn:blake3:";

/// Somebody who is said to have the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MagnetSource {
    /// Where to dial.
    pub addr: PeerAddr,
    /// Who has to answer there; without it, whoever does.
    pub node: Option<NodeId>,
}

/// What a magnet link says. Nothing in it is proven but the content, and that only once the bytes are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Magnet {
    /// The content.
    pub id: FileId,
    /// What it is called; empty if the link does not say. At most [`MAX_FILE_NAME`] bytes.
    pub name: Untrusted,
    /// Its bytes, if the link says.
    pub size: Option<u64>,
    /// Who has it, at most [`MAX_SOURCES`].
    pub sources: Vec<MagnetSource>,
}

/// Why a text is no magnet link that names a file here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MagnetError {
    /// Something else.
    #[error("this is no magnet link: it starts with `magnet:?`")]
    NotMagnet,
    /// More than [`MAX_MAGNET`] bytes.
    #[error("the magnet link has {0} bytes; at most {MAX_MAGNET} are read")]
    TooLong(usize),
    /// More than [`MAX_FIELDS`] fields.
    #[error("the magnet link has more than {MAX_FIELDS} fields")]
    TooManyFields,
    /// No `xt` of ours.
    #[error("the magnet link names no BLAKE3 hash: it needs `xt={URN}` with 64 hexadecimal digits")]
    NoHash,
    /// An `xt` of ours without a hash.
    #[error("the hash in the magnet link is broken: `{URN}` is followed by 64 hexadecimal digits")]
    BadHash,
    /// An `xl` that is no number.
    #[error("the size in the magnet link is broken: `xl` is a number of bytes")]
    BadSize,
}

impl FromStr for Magnet {
    type Err = MagnetError;

    /// Reads a link. Fields that it does not know, hashes of other kinds and addresses that cannot be dialled are
    /// ignored; of several BLAKE3 hashes, names or sizes the first counts; an `x.id` belongs to the `x.pe` before it.
    fn from_str(text: &str) -> Result<Self, MagnetError> {
        let text = text.trim();
        if text.len() > MAX_MAGNET {
            return Err(MagnetError::TooLong(text.len()));
        }
        let fields = match text.split_at_checked(SCHEME.len()) {
            // A link copied out of a web page's source has its separators escaped.
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => rest.replace("&amp;", "&"),
            _ => return Err(MagnetError::NotMagnet),
        };
        let mut reader = Reader::default();
        for (index, field) in fields.split('&').enumerate() {
            if index >= MAX_FIELDS {
                return Err(MagnetError::TooManyFields);
            }
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            reader.field(&key.to_ascii_lowercase(), &percent_decode(value))?;
        }
        reader.finish()
    }
}

#[derive(Default)]
struct Reader {
    id: Option<FileId>,
    name: Option<Untrusted>,
    size: Option<u64>,
    sources: Vec<MagnetSource>,
    /// Whether the last `x.pe` was kept, so that an `x.id` after an ignored one does not go to the one before.
    last_kept: bool,
}

impl Reader {
    fn field(&mut self, key: &str, value: &str) -> Result<(), MagnetError> {
        // `xt.1`, `xt.2`: several files in one link.
        match key.split_once('.').map_or(key, |(stem, _)| if stem == "x" { key } else { stem }) {
            "xt" if self.id.is_none() => self.id = read_hash(value)?,
            "dn" if self.name.is_none() => self.name = Some(clip(value, MAX_FILE_NAME).into()),
            "xl" if self.size.is_none() => self.size = Some(value.trim().parse().map_err(|_| MagnetError::BadSize)?),
            "x.pe" => self.source(value),
            "x.id" => self.identity(value),
            _ => {}
        }
        Ok(())
    }

    fn source(&mut self, value: &str) {
        let addr = value.trim().parse::<SocketAddr>().ok().map(PeerAddr::from).filter(|addr| addr.is_dialable());
        self.last_kept = false;
        if let Some(addr) = addr
            && self.sources.len() < MAX_SOURCES
            && self.sources.iter().all(|known| known.addr != addr)
        {
            self.sources.push(MagnetSource { addr, node: None });
            self.last_kept = true;
        }
    }

    fn identity(&mut self, value: &str) {
        if let (true, Some(last), Ok(node)) = (self.last_kept, self.sources.last_mut(), value.trim().parse()) {
            last.node.get_or_insert(node);
        }
    }

    fn finish(self) -> Result<Magnet, MagnetError> {
        let id = self.id.ok_or(MagnetError::NoHash)?;
        Ok(Magnet { id, name: self.name.unwrap_or_default(), size: self.size, sources: self.sources })
    }
}

fn read_hash(value: &str) -> Result<Option<FileId>, MagnetError> {
    match value.trim().split_at_checked(URN.len()) {
        Some((urn, hex)) if urn.eq_ignore_ascii_case(URN) => hex.parse().map(Some).map_err(|_| MagnetError::BadHash),
        _ => Ok(None),
    }
}

/// As much of a text as fits into `most` bytes, without cutting a character.
pub(crate) fn clip(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

/// Undoes percent-encoding and `+` for a space; what is not well-formed stays as it is, what is no UTF-8 becomes `�`.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match (first, hex_pair(tail)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| text.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

impl fmt::Display for Magnet {
    /// The canonical form: reading it gives the same magnet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}xt={URN}{}", self.id)?;
        if !self.name.raw().is_empty() {
            f.write_str("&dn=")?;
            percent_encode(f, self.name.raw())?;
        }
        if let Some(size) = self.size {
            write!(f, "&xl={size}")?;
        }
        for source in &self.sources {
            write!(f, "&x.pe={}", source.addr)?;
            if let Some(node) = source.node {
                write!(f, "&x.id={node}")?;
            }
        }
        Ok(())
    }
}

/// Everything but the unreserved characters of RFC 3986.
fn percent_encode(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.bytes().try_for_each(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => f.write_char(char::from(byte)),
        _ => write!(f, "%{byte:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash() -> String {
        "0123456789abcdef".repeat(4)
    }

    fn read(fields: &str) -> Result<Magnet, MagnetError> {
        format!("magnet:?{fields}").parse()
    }

    #[test]
    fn the_canonical_form_is_what_the_contract_shows() {
        let node = "f".repeat(64);
        let text = format!(
            "magnet:?xt=urn:blake3:{}&dn=J%C3%B3ga%20%2B%201%26.flac&xl=12&x.pe=127.0.0.1:6346&x.id={node}&x.pe=[::1]:7",
            hash()
        );
        let magnet: Magnet = text.parse().unwrap();
        assert_eq!(magnet.name.raw(), "Jóga + 1&.flac");
        assert_eq!(magnet.size, Some(12));
        assert_eq!(magnet.sources.iter().map(|s| s.node.is_some()).collect::<Vec<_>>(), [true, false]);
        assert_eq!(magnet.to_string(), text);
    }

    #[test]
    fn links_of_other_programs_are_read_leniently() {
        let magnet: Magnet = format!(
            "  MAGNET:?xt.1=urn:sha1:ABC&amp;XT.2=URN:BLAKE3:{}&dn=a+b%zz%&tr=udp%3A%2F%2Fx&x.pe=host:1&x.id={}&x.pe=10.0.0.1:0&\n",
            hash().to_uppercase(),
            "0".repeat(64)
        )
        .parse()
        .unwrap();
        assert_eq!((magnet.id.to_string(), magnet.name.raw()), (hash(), "a b%zz%"));
        assert_eq!((magnet.size, magnet.sources.len()), (None, 0));
    }

    #[test]
    fn an_identity_belongs_to_the_address_before_it_and_to_no_other() {
        let magnet =
            read(&format!("xt=urn:blake3:{}&x.pe=10.0.0.1:1&x.pe=nowhere&x.id={}", hash(), "1".repeat(64))).unwrap();
        assert_eq!(magnet.sources.iter().map(|s| s.node).collect::<Vec<_>>(), [None]);
    }

    #[test]
    fn what_is_no_link_is_refused_with_a_reason() {
        assert_eq!("http://x".parse::<Magnet>(), Err(MagnetError::NotMagnet));
        assert_eq!("".parse::<Magnet>(), Err(MagnetError::NotMagnet));
        assert_eq!("mägnet:?".parse::<Magnet>(), Err(MagnetError::NotMagnet));
        assert_eq!(read("xt=urn:sha1:abc"), Err(MagnetError::NoHash));
        assert_eq!(read("xt=urn:blake3:abc"), Err(MagnetError::BadHash));
        assert_eq!(read(&format!("xt=urn:blake3:{}&xl=-1", hash())), Err(MagnetError::BadSize));
        assert_eq!(read(&"a&".repeat(100)), Err(MagnetError::TooManyFields));
        assert_eq!(read(&"a".repeat(9_000)), Err(MagnetError::TooLong(9_008)));
    }

    #[test]
    fn sources_and_names_are_bounded() {
        let pes: String = (1..50).map(|port| format!("&x.pe=10.0.0.1:{port}")).collect();
        let magnet = read(&format!("xt=urn:blake3:{}&dn={}{pes}", hash(), "é".repeat(500))).unwrap();
        assert_eq!((magnet.sources.len(), magnet.name.raw().len()), (MAX_SOURCES, 254));
    }

    proptest! {
        #[test]
        fn reading_what_was_printed_gives_the_same(
            id: [u8; 32], name in "\\PC{0,60}", size: Option<u64>, hosts in prop::collection::btree_map(any::<[u8; 4]>(), (1u16.., any::<Option<[u8; 32]>>()), 0..5)
        ) {
            let sources = hosts.into_iter().map(|(ip, (port, node))| MagnetSource {
                addr: PeerAddr(SocketAddr::from((ip, port))), node: node.map(NodeId)
            }).filter(|source| source.addr.is_dialable()).collect();
            let magnet = Magnet { id: FileId(id), name: clip(&name, MAX_FILE_NAME).into(), size, sources };
            prop_assert_eq!(magnet.to_string().parse(), Ok(magnet));
        }

        #[test]
        fn nothing_makes_it_panic(text in "(magnet:\\?)?(xt=urn:blake3:|&|=|%|x\\.pe=|x\\.id=|\\PC|[0-9a-f]{64}){0,20}") {
            let _ = text.parse::<Magnet>();
        }
    }
}

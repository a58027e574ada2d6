//! The ranges of HTTP (RFC 9110, section 14), as far as moving files needs them: one range of bytes.

use std::ops::Range;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole file: 200.
    Whole,
    /// A part: 206.
    Part(Range<u64>),
    /// Nothing that is there: 416.
    Unsatisfiable,
}

/// Reads a `Range` header of a request for a file of `size` bytes. What is no single range of bytes is ignored, as the
/// RFC allows, and the whole file is sent.
pub(super) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some((first, last)) =
        header.and_then(|text| text.trim().strip_prefix("bytes=")).and_then(|t| t.split_once('-'))
    else {
        return Wanted::Whole;
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => return Wanted::Whole,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.trim().is_empty() => first..size,
        (None, Some(suffix)) if first.trim().is_empty() => size.saturating_sub(suffix)..size,
        _ => return Wanted::Whole,
    };
    if range.start < range.end { Wanted::Part(range) } else { Wanted::Unsatisfiable }
}

/// The `Range` header that asks for `range`, which is not empty.
pub(super) fn ask(range: &Range<u64>) -> String {
    format!("bytes={}-{}", range.start, range.end.saturating_sub(1))
}

/// The `Content-Range` header of a part of a file of `size` bytes.
pub(super) fn content_range(range: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1))
}

/// Reads a `Content-Range` header: the part, and the file's size.
pub(super) fn read_content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size) = (number(first)?, number(last)?, number(size)?);
    (first <= last && last < size).then(|| (first..last + 1, size))
}

/// Digits only: Rust's own parser takes a sign.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let want = |text| wanted(Some(text), 1_000);
        assert_eq!(wanted(None, 5), Wanted::Whole);
        assert_eq!(want("bytes=0-0"), Wanted::Part(0..1));
        assert_eq!(want("bytes=100-"), Wanted::Part(100..1_000));
        assert_eq!(want("bytes=-10"), Wanted::Part(990..1_000));
        assert_eq!(want("bytes=-5000"), Wanted::Part(0..1_000));
        assert_eq!(want("bytes=900-99999999999999999999"), Wanted::Whole);
        assert_eq!(want("bytes=900-18446744073709551615"), Wanted::Part(900..1_000));
        for nothing in ["bytes=1000-", "bytes=5000-6000", "bytes=-0"] {
            assert_eq!(want(nothing), Wanted::Unsatisfiable, "{nothing}");
        }
        for ignored in ["bytes=5-2", "bytes=0-1,5-6", "bytes=+1-2", "bytes=-", "lines=1-2", "bytes=a-b", ""] {
            assert_eq!(want(ignored), Wanted::Whole, "{ignored}");
        }
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn a_lying_content_range_is_none() {
        for bad in
            ["bytes 5-4/10", "bytes 0-10/10", "bytes 0-1/*", "bytes */10", "0-1/10", "bytes 0-18446744073709551615/1"]
        {
            assert_eq!(read_content_range(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_asked_for_is_understood(start in 0u64..1_000, length in 1u64..1_000, size in 2_000u64..3_000) {
            let range = start..start + length;
            prop_assert_eq!(wanted(Some(&ask(&range)), size), Wanted::Part(range.clone()));
            prop_assert_eq!(read_content_range(&content_range(&range, size)), Some((range, size)));
        }

        #[test]
        fn no_header_makes_it_leave_the_file(text in "(bytes=)?[-0-9,+ ]{0,30}", size: u64) {
            if let Wanted::Part(range) = wanted(Some(&text), size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }
    }
}

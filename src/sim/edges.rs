//! Text files of links: a pair of node names a line, `#` for comments. What a name may be is the reader's business.

/// What is wrong with one line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, for people.
    pub why: String,
}

/// Reads pairs. `node` turns a name into a node, or says why it is none; `link` takes each pair.
///
/// # Errors
/// Every mistake with its line, at most `limit` of them and a last one that counts the rest; also when there is no pair at
/// all.
pub fn read_pairs<'a, N>(
    text: &'a str,
    limit: usize,
    mut node: impl FnMut(&'a str) -> Result<N, String>,
    mut link: impl FnMut(N, N),
) -> Result<(), Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let (mut pairs, mut unlisted, mut last) = (0usize, 0usize, 1);
    for (at, line) in text.lines().enumerate() {
        last = at + 1;
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let read = match (words.next(), words.next(), words.count()) {
            (None, ..) => continue,
            (Some(a), Some(b), 0) => node(a).and_then(|a| Ok((a, node(b)?))),
            (Some(_), None, _) => Err("a link is a pair of nodes, and here is one alone".to_owned()),
            (Some(_), Some(_), more) => Err(format!("a link is a pair of nodes, and here are {}", more + 2)),
        };
        match read {
            Ok((a, b)) => {
                pairs += 1;
                link(a, b);
            }
            Err(_) if mistakes.len() >= limit => unlisted += 1,
            Err(why) => mistakes.push(Mistake { line: last, why }),
        }
    }
    if unlisted > 0 {
        mistakes.push(Mistake { line: last, why: format!("the last of {unlisted} more lines that are no links") });
    }
    if pairs == 0 && mistakes.is_empty() {
        mistakes
            .push(Mistake { line: last, why: "there is no link in it; write pairs of nodes, one a line".to_owned() });
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}

#[cfg(test)]
mod tests {
    use super::{Mistake, read_pairs};

    fn read(text: &str) -> Result<Vec<(u32, u32)>, Vec<usize>> {
        let mut pairs = Vec::new();
        let node = |word: &str| word.parse::<u32>().map_err(|error| error.to_string());
        match read_pairs(text, 3, node, |a, b| pairs.push((a, b))) {
            Ok(()) => Ok(pairs),
            Err(mistakes) => Err(mistakes.into_iter().map(|Mistake { line, .. }| line).collect()),
        }
    }

    #[test]
    fn pairs_are_read_around_comments_and_blank_lines() {
        assert_eq!(read("# a line\n1 2\r\n\n2\t3 # and its end\n  3   1"), Ok(vec![(1, 2), (2, 3), (3, 1)]));
    }

    #[test]
    fn mistakes_have_lines_and_are_not_listed_for_ever() {
        assert_eq!(read("1 2\n1\n1 x\n1 2 3\n4 5\n-1 2\n1"), Err(vec![2, 3, 4, 7]));
        assert_eq!(read(""), Err(vec![1]));
        assert_eq!(read("# only\n# comments\n"), Err(vec![2]));
    }
}

//! Reads `config.toml` into the texts that the resolver takes, and finds every mistake in it at once.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::options::{OPTIONS, Opt, Shape, find};

/// Bytes of a configuration file; more is some other file.
const MAX_CONFIG: u64 = 256 * 1024;

/// A setting as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) values: Vec<String>,
    pub(super) line: usize,
}

/// The settings of a file, by their names.
pub(super) type Entries = BTreeMap<&'static str, Entry>;

/// Reads the file; one that is not there is empty. With the settings come all mistakes of the file, each with its line.
///
/// # Errors
/// Why the file cannot be read.
pub(super) fn read(path: &Path) -> Result<(Entries, Vec<String>), String> {
    let fail = |why: String| format!("{}: {why}", path.display());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Entries::new(), Vec::new())),
        Err(error) => return Err(fail(format!("cannot be read: {error}; make it readable"))),
        Ok(metadata) if metadata.len() > MAX_CONFIG => {
            return Err(fail(format!("has more than {MAX_CONFIG} bytes; is it the right file?")));
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let (entries, mistakes) = parse(&text);
    let told = mistakes.into_iter().map(|(line, mistake)| format!("{}:{line}: {mistake}", path.display()));
    Ok((entries, told.collect()))
}

/// The settings in a text, and its mistakes with their lines, in the order of the lines.
fn parse(text: &str) -> (Entries, Vec<(usize, String)>) {
    let line_of = |offset: usize| 1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count();
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut mistakes: Vec<(usize, String)> = errors
        .iter()
        .map(|error| (line_of(error.span().map_or(0, |span| span.start)), error.message().replace('\n', ", ")))
        .collect();
    let mut entries = Entries::new();
    for (key, value) in table.get_ref() {
        let line = line_of(key.span().start);
        match find(key.get_ref()).filter(|option| option.in_file()) {
            None => mistakes.push((line, unknown(key.get_ref()))),
            Some(option) => match values(option, value) {
                Ok(values) => drop(entries.insert(option.key, Entry { values, line })),
                Err(mistake) => mistakes.push((line, mistake)),
            },
        }
    }
    mistakes.sort();
    (entries, mistakes)
}

fn values(option: &Opt, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, String> {
    let expected = match option.shape {
        Shape::Many(_) => "a list of texts",
        Shape::Switch | Shape::Negated => "true or false",
        Shape::One => "a text or a number",
    };
    let wrong = |found: &DeValue<'_>| format!("`{}` takes {expected}, not {}", option.key, kind(found));
    match (option.shape, value.get_ref()) {
        (Shape::Many(_), DeValue::Array(items)) => {
            items.iter().map(|item| text(item.get_ref()).ok_or_else(|| wrong(item.get_ref()))).collect()
        }
        (Shape::Switch | Shape::Negated, DeValue::Boolean(yes)) => Ok(vec![yes.to_string()]),
        (Shape::One | Shape::Many(_), value) => text(value).map(|text| vec![text]).ok_or_else(|| wrong(value)),
        (_, value) => Err(wrong(value)),
    }
}

fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        _ => None,
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn unknown(key: &str) -> String {
    let shown: String = key.chars().filter(|c| !c.is_control()).take(40).collect();
    match suggestion(&key.replace('_', "-"), OPTIONS.iter().filter(|option| option.in_file()).map(|option| option.key))
    {
        Some(near) => format!("there is no setting `{shown}`; did you mean `{near}`?"),
        None => format!("there is no setting `{shown}`; `hopscope config` lists them"),
    }
}

/// The candidate that a word was probably meant to be.
pub(super) fn suggestion<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing takes the product of the lengths, and nobody means a setting of a thousand letters.
    let letters = word.chars().take(64).count();
    let tolerated = if letters < 64 { 1 + letters / 4 } else { return None };
    candidates
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|&(far, _)| far <= tolerated)
        .min()
        .map(|(_, near)| near)
}

#[cfg(test)]
mod tests {
    use super::{parse, suggestion};

    #[test]
    fn settings_are_read_as_texts_with_their_lines() {
        let (entries, mistakes) =
            parse("# mine\nttl = 4\nname = \"mallard\"\n\npeer = [\n  \"a:1\", \"b:2\" ]\nonly-peers = true\n");
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let of = |key| entries.get(key).map(|entry| (entry.values.join(" "), entry.line));
        assert_eq!(of("ttl"), Some(("4".into(), 2)));
        assert_eq!(of("peer"), Some(("a:1 b:2".into(), 5)));
        assert_eq!(of("only-peers"), Some(("true".into(), 7)));
        assert_eq!(entries.len(), 4);
    }

    #[test]
    fn all_mistakes_are_listed_with_lines_and_suggestions() {
        let (_, mistakes) =
            parse("tll = 3\nhome = \"/x\"\npeer = 7.5\nonly_peers = true\nascii = \"yes\"\nname = {a = 1}\n");
        let lines: Vec<_> = mistakes.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 6]);
        assert!(mistakes[0].1.ends_with("did you mean `ttl`?"), "{}", mistakes[0].1);
        assert!(mistakes[1].1.contains("no setting `home`"));
        assert!(mistakes[2].1.ends_with("takes a list of texts, not a number"), "{}", mistakes[2].1);
        assert!(mistakes[3].1.contains("`only-peers`"));
    }

    #[test]
    fn a_broken_file_says_where() {
        let (_, mistakes) = parse("ttl = 3\nname = \"open\n");
        assert_eq!(mistakes[0].0, 2, "{mistakes:?}");
        assert!(!parse("\0\u{1}[[[").1.is_empty());
    }

    #[test]
    fn only_near_words_are_suggested() {
        let words = ["topology", "ttl", "theme"];
        assert_eq!(suggestion("topolgy", words.into_iter()), Some("topology"));
        assert_eq!(suggestion("colour", words.into_iter()), None);
        assert_eq!(suggestion("", ["abc"].into_iter()), None);
    }
}

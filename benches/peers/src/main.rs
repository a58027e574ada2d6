//! The content index beside SQLite FTS5 and tantivy: the same names and the same searches, in one run, in memory.
//!
//! Searches are the best of three passes over all of them; changes happen once.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml [-- NAMES]`

#[path = "../../names.rs"]
mod names;

use std::hint::black_box;
use std::time::{Duration, Instant};

use hopscope::proto::{FileId, Query};
use hopscope::share::index::{Index, Place, Stamp};
use names::{Names, percentiles, time};
use rusqlite::Connection;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, PhrasePrefixQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, STORED, Schema, TEXT};
use tantivy::{IndexWriter, TantivyDocument, Term};

const SEARCHES: usize = 600;
const TOP: usize = 100;
const PASSES: usize = 3;
const CHANGES: usize = 100;

/// What each of the three can do.
trait Contender {
    fn search(&self, words: &[String]) -> usize;
    fn prefix(&self, prefix: &str) -> usize;
    fn add(&mut self, number: usize, path: &str);
    fn remove(&mut self, number: usize, path: &str);
}

struct Ours(Index);

impl Ours {
    fn new(names: &Names) -> Self {
        let files = names.paths.iter().enumerate().map(|(i, path)| (Place::of(0, path), stamp(i), id(i)));
        Self(Index::of(files, 1))
    }
}

impl Contender for Ours {
    fn search(&self, words: &[String]) -> usize {
        self.0.search(&Query::parse(&words.join(" ")).expect("words are a query"), TOP).len()
    }

    fn prefix(&self, prefix: &str) -> usize {
        self.0.search(&Query::parse(&format!("{prefix}*")).expect("a prefix is a query"), TOP).len()
    }

    fn add(&mut self, number: usize, path: &str) {
        self.0.put(Place::of(0, path), stamp(number), id(number)).expect("there is room");
    }

    fn remove(&mut self, _number: usize, path: &str) {
        let number = self.0.at(Place::of(0, path)).expect("it is there");
        self.0.remove(number);
    }
}

struct Sqlite(Connection);

impl Sqlite {
    fn new(names: &Names) -> Self {
        let database = Connection::open_in_memory().expect("SQLite opens");
        let tables =
            "create virtual table names using fts5(name, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')";
        database.execute_batch(&format!("{tables}; begin")).expect("SQLite has FTS5");
        let mut insert = database.prepare("insert into names(rowid, name) values (?, ?)").expect("it is SQL");
        for i in 0..names.paths.len() {
            insert.execute((i as i64, names.name(i))).expect("SQLite inserts");
        }
        drop(insert);
        database.execute_batch("commit; insert into names(names) values ('optimize')").expect("SQLite commits");
        Self(database)
    }

    fn ask(&self, expression: &str) -> usize {
        let sql = "select rowid, name from names where names match ? limit 100";
        let mut select = self.0.prepare_cached(sql).expect("it is SQL");
        let rows = select.query_map([expression], |row| row.get::<_, String>(1)).expect("SQLite searches");
        rows.map(|row| black_box(row).is_ok()).filter(|found| *found).count()
    }
}

impl Contender for Sqlite {
    fn search(&self, words: &[String]) -> usize {
        self.ask(&words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" "))
    }

    fn prefix(&self, prefix: &str) -> usize {
        self.ask(&format!("\"{prefix}\"*"))
    }

    fn add(&mut self, number: usize, path: &str) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let mut insert = self.0.prepare_cached("insert into names(rowid, name) values (?, ?)").expect("it is SQL");
        insert.execute((number as i64, name)).expect("SQLite inserts");
    }

    fn remove(&mut self, number: usize, _path: &str) {
        let mut delete = self.0.prepare_cached("delete from names where rowid = ?").expect("it is SQL");
        delete.execute([number as i64]).expect("SQLite deletes");
    }
}

struct Tantivy {
    writer: IndexWriter,
    reader: tantivy::IndexReader,
    name: Field,
    number: Field,
}

impl Tantivy {
    fn new(names: &Names) -> Self {
        let mut schema = Schema::builder();
        let name = schema.add_text_field("name", TEXT | STORED);
        let number = schema.add_u64_field("number", tantivy::schema::INDEXED);
        let index = tantivy::Index::create_in_ram(schema.build());
        let writer = index.writer_with_num_threads(1, 200 << 20).expect("tantivy writes");
        let reader = index.reader().expect("tantivy reads");
        let mut this = Self { writer, reader, name, number };
        for i in 0..names.paths.len() {
            this.put(i, names.name(i));
        }
        this.commit();
        this
    }

    fn put(&mut self, number: usize, name: &str) {
        let mut document = TantivyDocument::default();
        document.add_text(self.name, name);
        document.add_u64(self.number, number as u64);
        self.writer.add_document(document).expect("tantivy adds");
    }

    fn commit(&mut self) {
        self.writer.commit().expect("tantivy commits");
        self.reader.reload().expect("tantivy reloads");
    }

    fn ask(&self, query: &dyn tantivy::query::Query) -> usize {
        let searcher = self.reader.searcher();
        let top = searcher.search(query, &TopDocs::with_limit(TOP)).expect("tantivy searches");
        top.iter().filter(|(_, at)| searcher.doc::<TantivyDocument>(*at).is_ok()).count()
    }
}

impl Contender for Tantivy {
    fn search(&self, words: &[String]) -> usize {
        let term = |word: &String| -> (Occur, Box<dyn tantivy::query::Query>) {
            (Occur::Must, Box::new(TermQuery::new(Term::from_field_text(self.name, word), IndexRecordOption::Basic)))
        };
        self.ask(&BooleanQuery::new(words.iter().map(term).collect()))
    }

    fn prefix(&self, prefix: &str) -> usize {
        self.ask(&PhrasePrefixQuery::new(vec![Term::from_field_text(self.name, prefix)]))
    }

    fn add(&mut self, number: usize, path: &str) {
        self.put(number, path.rsplit('/').next().unwrap_or_default());
        self.commit();
    }

    fn remove(&mut self, number: usize, _path: &str) {
        self.writer.delete_term(Term::from_field_u64(self.number, number as u64));
        self.commit();
    }
}

fn main() {
    let count = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let mut names = Names::new(count);
    let searches: Vec<Vec<Vec<String>>> = (1..=3).map(|words| names.searches(SEARCHES, words)).collect();
    let prefixes = names.prefixes(SEARCHES);
    println!("{count} names, microseconds, p50 / p99; top {TOP}");
    let changed: Vec<usize> = (0..CHANGES).map(|i| i * 7_919 % count).collect();
    println!(
        "{:12}{:>10}{:>20}{:>20}{:>20}{:>20}{:>22}{:>22}",
        "", "build, s", "AND 1", "AND 2", "AND 3", "prefix", "remove one", "add one"
    );
    measure("hopscope", Ours::new, &names, &searches, &prefixes, &changed);
    measure("SQLite FTS5", Sqlite::new, &names, &searches, &prefixes, &changed);
    measure("tantivy", Tantivy::new, &names, &searches, &prefixes, &changed);
}

fn measure<C: Contender>(
    what: &str,
    build: impl Fn(&Names) -> C,
    names: &Names,
    searches: &[Vec<Vec<String>>],
    prefixes: &[String],
    changed: &[usize],
) {
    let start = Instant::now();
    let mut contender = build(names);
    print!("{what:12}{:>10.2}", start.elapsed().as_secs_f64());
    for searches in searches {
        print!("{:>20}", show(time(searches, PASSES, |words| drop(black_box(contender.search(words))))));
    }
    print!("{:>20}", show(time(prefixes, PASSES, |prefix| drop(black_box(contender.prefix(prefix))))));
    print!("{:>22}", show(time(changed, 1, |&i| contender.remove(i, &names.paths[i]))));
    println!("{:>22}", show(time(changed, 1, |&i| contender.add(i, &names.paths[i]))));
}

fn show(times: Vec<Duration>) -> String {
    let (p50, p99) = percentiles(times);
    format!("{p50:.1} / {p99:.1}")
}

fn stamp(i: usize) -> Stamp {
    Stamp { size: i as u64, modified: i as i64, inode: i as u32 }
}

fn id(i: usize) -> FileId {
    FileId(blake3::hash(&i.to_le_bytes()).into())
}

//! Queries as tests draw them: of few words, so that many match something, and of every part of the language.

use proptest::prelude::*;

use super::Query;

/// Any query of one to four parts.
pub(crate) fn any_query() -> impl Strategy<Value = Query> {
    let word = "-?(wu|tang|tan|ta\\*|t\\*|b\\*|live|日|日本|wu-tang|\"wu tang\"|\"tang tan\"|\"日 本\")";
    let filter =
        "(-?ext:(mp3|flac,txt|tar.gz|gz))|(-?type:(audio|archive,document))|(size:(>5|<=5|2..7))|(hash:(01){32})";
    let term = prop_oneof![4 => word, 1 => filter];
    prop::collection::vec(term, 1..5).prop_filter_map("not a query", |terms| Query::parse(&terms.join(" ")).ok())
}

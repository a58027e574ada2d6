//! Expectations about a flood, as a teacher or a test writes them: `reached >= 40`.

use std::fmt;

use super::summary::FIELDS;

/// How a number compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    AtLeast,
    AtMost,
    Is,
    IsNot,
    Above,
    Below,
}

/// As they are written; those of two signs first, so that `>=` is not read as `>`.
const OPERATORS: [(&str, Operator); 6] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("==", Operator::Is),
    ("!=", Operator::IsNot),
    (">", Operator::Above),
    ("<", Operator::Below),
];

/// One expectation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expectation {
    /// Of what.
    pub(super) field: &'static str,
    operator: Operator,
    value: f64,
}

/// What may stand in an expectation, in a sentence.
pub(super) fn allowed() -> String {
    let operators: Vec<&str> = OPERATORS.iter().map(|(sign, _)| *sign).collect();
    format!(
        "an expectation is a field, an operator and a number; fields: {}; operators: {}",
        FIELDS.join(", "),
        operators.join(" ")
    )
}

impl Expectation {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
        let wrong = |why: String| format!("`{shown}` cannot be expected: {why}");
        let signs = |c: char| "<>=!".contains(c);
        let start = text.find(signs).ok_or_else(|| wrong("it has no operator".into()))?;
        let (name, rest) = text.split_at(start);
        let (sign, number) = rest.split_at(rest.find(|c| !signs(c)).unwrap_or(rest.len()));
        let name = name.trim();
        let field = FIELDS.iter().find(|field| **field == name);
        let field = field.ok_or_else(|| wrong(format!("there is no field `{}`", visible(name))))?;
        let operator = OPERATORS.iter().find(|(known, _)| *known == sign);
        let (_, operator) = operator.ok_or_else(|| wrong(format!("there is no operator `{sign}`")))?;
        let value = number.trim().parse::<f64>().ok().filter(|value| value.is_finite());
        let value = value.ok_or_else(|| wrong(format!("`{}` is no number", visible(number.trim()))))?;
        Ok(Self { field, operator: *operator, value })
    }

    /// Whether a value is as expected.
    pub(super) fn holds(&self, actual: f64) -> bool {
        // Counts are whole and far below 2^53: they compare exactly.
        let same = (actual - self.value).abs() < f64::EPSILON;
        match self.operator {
            Operator::AtLeast => actual >= self.value,
            Operator::AtMost => actual <= self.value,
            Operator::Is => same,
            Operator::IsNot => !same,
            Operator::Above => actual > self.value,
            Operator::Below => actual < self.value,
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = OPERATORS.iter().find(|(_, operator)| *operator == self.operator).map_or("", |(sign, _)| sign);
        write!(f, "{} {sign} {}", self.field, number(self.value))
    }
}

/// A number as people write it: whole where it is.
pub(super) fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn expectations_are_read_with_and_without_spaces_and_mean_what_they_say() {
        for (text, holds, fails) in [
            ("reached >= 40", 40.0, 39.0),
            ("max_hop<=4", 4.0, 5.0),
            (" hits==2 ", 2.0, 3.0),
            ("duplicates != 0", 1.0, 0.0),
            ("redundancy > 1.5", 1.6, 1.5),
            ("elapsed_ms < 1e3", 999.0, 1000.0),
        ] {
            let expectation = Expectation::parse(text).unwrap();
            assert!(expectation.holds(holds) && !expectation.holds(fails), "{text}");
            assert_eq!(Expectation::parse(&expectation.to_string()), Ok(expectation), "{text}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = |text: &str| Expectation::parse(text).expect_err(text);
        assert!(wrong("reached").contains("no operator"));
        assert!(wrong("reach >= 4").contains("no field `reach`"));
        assert!(wrong("reached => 4").contains("no operator `=>`"));
        assert!(wrong("reached = 4").contains("no operator `=`"));
        assert!(wrong("reached >= many").contains("`many` is no number"));
        assert!(wrong("reached >= inf").contains("`inf` is no number"));
        assert!(wrong("reached >=").contains("`` is no number"));
        assert!(allowed().contains("reached") && allowed().contains(">= <= == != > <"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text: String) {
            let _ = Expectation::parse(&text);
        }
    }
}

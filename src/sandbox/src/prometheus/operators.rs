//! Binary operators of PromQL (Prometheus documentation, "Operators"); of the ways to match two
//! vectors, one-to-one.

use std::collections::BTreeMap;

use promql_parser::parser::{BinModifier, BinaryExpr, LabelModifier, VectorMatchCardinality};

use super::{
    Refused,
    evaluate::{Evaluated, Store, Vector, nameless},
};
use crate::collector::series::Labels;

/// What an operator does with two values.
#[derive(Clone, Copy)]
enum Operator {
    Arithmetic(fn(f64, f64) -> f64),
    Comparison(fn(&f64, &f64) -> bool),
    And,
    Or,
    Unless,
}

impl Operator {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "+" => Self::Arithmetic(|left, right| left + right),
            "-" => Self::Arithmetic(|left, right| left - right),
            "*" => Self::Arithmetic(|left, right| left * right),
            "/" => Self::Arithmetic(|left, right| left / right),
            "%" => Self::Arithmetic(|left, right| left % right),
            "^" => Self::Arithmetic(f64::powf),
            "==" => Self::Comparison(f64::eq),
            "!=" => Self::Comparison(f64::ne),
            "<" => Self::Comparison(f64::lt),
            "<=" => Self::Comparison(f64::le),
            ">" => Self::Comparison(f64::gt),
            ">=" => Self::Comparison(f64::ge),
            "and" => Self::And,
            "or" => Self::Or,
            "unless" => Self::Unless,
            _ => return None,
        })
    }

    /// What it makes of two values; `kept` is that of the side that a comparison filters. Nothing
    /// if that is left out.
    fn apply(self, left: f64, right: f64, kept: f64, returns_bool: bool) -> Option<f64> {
        match self {
            Self::Arithmetic(calculate) => Some(calculate(left, right)),
            Self::Comparison(holds) if returns_bool => {
                Some(f64::from(u8::from(holds(&left, &right))))
            }
            Self::Comparison(holds) => holds(&left, &right).then_some(kept),
            Self::And | Self::Or | Self::Unless => None,
        }
    }

    /// Returns whether the name of a metric is that of the result as well.
    fn keeps_name(self, returns_bool: bool) -> bool {
        match self {
            Self::Arithmetic(_) => false,
            Self::Comparison(_) => !returns_bool,
            Self::And | Self::Or | Self::Unless => true,
        }
    }
}

/// What an operator gives of both sides.
pub(super) fn binary(store: &Store, binary: &BinaryExpr, at: u64) -> Result<Evaluated, Refused> {
    let name = binary.op.to_string();
    let operator = Operator::of(&name);
    let operator = operator.ok_or_else(|| Refused::unknown(&format!("the operator '{name}'")))?;
    let returns_bool = binary.return_bool();
    let each = |vector: Vector, apply: &dyn Fn(f64) -> Option<f64>| {
        let values = vector.into_iter();
        let values = values.filter_map(|(labels, value)| Some((labels, apply(value)?)));
        let values = values.collect();
        if operator.keeps_name(returns_bool) {
            Ok(values)
        } else {
            nameless(values)
        }
    };
    match (
        store.evaluate(&binary.lhs, at)?,
        store.evaluate(&binary.rhs, at)?,
    ) {
        (Evaluated::Scalar(left), Evaluated::Scalar(right)) => {
            let value = operator.apply(left, right, left, true);
            let value = value.ok_or_else(|| Refused::wrong_type("vector", "scalar"))?;
            Ok(Evaluated::Scalar(value))
        }
        (Evaluated::Vector(left), Evaluated::Scalar(right)) => {
            let apply = |left: f64| operator.apply(left, right, left, returns_bool);
            each(left, &apply).map(Evaluated::Vector)
        }
        (Evaluated::Scalar(left), Evaluated::Vector(right)) => {
            let apply = |right: f64| operator.apply(left, right, right, returns_bool);
            each(right, &apply).map(Evaluated::Vector)
        }
        (Evaluated::Vector(left), Evaluated::Vector(right)) => {
            vectors(operator, binary.modifier.as_ref(), left, right).map(Evaluated::Vector)
        }
        (Evaluated::Matrix(_), _) | (_, Evaluated::Matrix(_)) => {
            Err(Refused::wrong_type("vector", "matrix"))
        }
    }
}

/// The labels by which series of both sides belong together.
fn group(labels: &Labels, matching: Option<&LabelModifier>) -> Labels {
    let kept = labels.iter().filter(|(name, _)| match matching {
        None => *name != "__name__",
        Some(LabelModifier::Include(names)) => names.labels.contains(name),
        Some(LabelModifier::Exclude(names)) => *name != "__name__" && !names.labels.contains(name),
    });
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The series of a vector by their groups; of several in one group, the last.
fn grouped(vector: &Vector, matching: Option<&LabelModifier>) -> BTreeMap<Labels, f64> {
    let groups = vector.iter();
    groups
        .map(|(labels, value)| (group(labels, matching), *value))
        .collect()
}

fn vectors(
    operator: Operator,
    modifier: Option<&BinModifier>,
    left: Vector,
    right: Vector,
) -> Result<Vector, Refused> {
    let matching = modifier.and_then(|modifier| modifier.matching.as_ref());
    let others = grouped(&right, matching);
    let matches = |labels: &Labels| others.contains_key(&group(labels, matching));
    match operator {
        Operator::And => Ok(left
            .into_iter()
            .filter(|(labels, _)| matches(labels))
            .collect()),
        Operator::Unless => Ok(left
            .into_iter()
            .filter(|(labels, _)| !matches(labels))
            .collect()),
        Operator::Or => {
            let known = grouped(&left, matching);
            let right = right.into_iter();
            let new = right.filter(|(labels, _)| !known.contains_key(&group(labels, matching)));
            Ok(left.into_iter().chain(new).collect())
        }
        Operator::Arithmetic(_) | Operator::Comparison(_) => {
            if modifier.is_some_and(|modifier| modifier.card != VectorMatchCardinality::OneToOne) {
                return Err(Refused::unknown("group_left and group_right"));
            }
            if others.len() < right.len() {
                return Err(ambiguous("right"));
            }
            let returns_bool = modifier.is_some_and(|modifier| modifier.return_bool);
            one_to_one(operator, returns_bool, matching, left, &others)
        }
    }
}

/// Calculates with the two values of each group.
fn one_to_one(
    operator: Operator,
    returns_bool: bool,
    matching: Option<&LabelModifier>,
    left: Vector,
    right: &BTreeMap<Labels, f64>,
) -> Result<Vector, Refused> {
    let mut results = BTreeMap::new();
    for (mut labels, value) in left {
        let key = group(&labels, matching);
        let Some(other) = right.get(&key) else {
            continue;
        };
        if !operator.keeps_name(returns_bool) {
            labels.remove("__name__");
        }
        match matching {
            Some(LabelModifier::Include(names)) => {
                labels.retain(|name, _| names.labels.contains(name));
            }
            Some(LabelModifier::Exclude(names)) => {
                labels.retain(|name, _| !names.labels.contains(name));
            }
            None => {}
        }
        let result = operator.apply(value, *other, value, returns_bool);
        if results
            .insert(key, result.map(|result| (labels, result)))
            .is_some()
        {
            return Err(ambiguous("left"));
        }
    }
    Ok(results.into_values().flatten().collect())
}

fn ambiguous(side: &str) -> Refused {
    Refused::Execution(format!(
        "found duplicate series for the match group on the {side} hand-side of the operation; many-to-many matching not allowed: matching labels must be unique on one side"
    ))
}

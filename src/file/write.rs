//! What the tables of a written stack file are made of.

pub(crate) mod layout;
pub(crate) mod mentions;
pub(crate) mod secrets;
pub(crate) mod spell;
pub(crate) mod words;

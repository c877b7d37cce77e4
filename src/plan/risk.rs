//! What a person should look at twice before a plan is carried out.

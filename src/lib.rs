//! amp-stack: the metrics of Amazon ECS applications in Amazon Managed Service for Prometheus.
//!
//! # The picture
//!
//! ```text
//!   stack.toml ──load──▶ Stack ──┐
//!                                ├─plan──▶ Plan ──apply──▶ AWS
//!   AWS ───────observe──▶ Snapshot ┘
//!          (async)          (pure)   (pure)    (async)
//! ```
//!
//! What is wanted ([`stack::Stack`]) and what is there ([`snapshot::Snapshot`]) hold values of the
//! same types ([`resource::Resource`]), in normal form, so comparing them is `==`. A [`plan::Plan`]
//! is a list of [`plan::Step`]s; a step is a pair of states, and the AWS calls that lead from one
//! to the other are a pure function of the pair ([`resource::Resource::changes`]), one
//! [`resource::Change`] per call. What a person reads in the plan, what the executor makes and what
//! the tests fold over the fake cloud is therefore the same list.
//!
//! # The rooms
//!
//! | module | what it is for |
//! |---|---|
//! | [`address`], [`text`], [`node`], [`tags`], [`identity`] | names of things; strings that mention what is not known yet; documents; ownership; accounts, regions and ARNs |
//! | [`normal`] | normal forms: named rules for differences that mean nothing |
//! | [`policy`], [`resource`] | IAM policies and the four kinds of resources in normal form, their changes, and what AWS can't change in place |
//! | [`stack`] | the stack file: its fields declared once, TOML with places, every mistake in one run, the checked result, and the one way to write it; and the way back, from what lives to a file |
//! | [`ecs_shape`] | what `RegisterTaskDefinition` takes, read off the SDK |
//! | [`adot`] | the collector beside the application |
//! | [`snapshot`] | AWS as it was read |
//! | [`plan`] | the decision: steps, their order, refusals and risks |
//! | [`saved`] | plans in files: what they were made from, without its secrets, and whether they still hold |
//! | [`apply`] | the deed: when each call is made, what is made again, and what is given up |
//! | [`cloud`] | the outside world behind two verbs: AWS through its SDK, and a fake cloud for the laws |
//! | [`sandbox`] | a strict AWS in memory, one file per service |
//! | [`diff`], [`show`] | what differs, and how plans, progress and outcomes are told to people and to programs |
//! | [`cli`] | commands, arguments, questions and exit codes |
//!
//! # What holds everywhere
//!
//! 1. *Planning does no I/O.* It reads no clock, draws no random number and waits for nothing;
//!    equal inputs give equal plans.
//! 2. *A change is one AWS call that alters something.* Reading until it has taken effect belongs
//!    to it. Nothing is decided between the plan and the call.
//! 3. *AWS is the only state.* There is no state file.
//! 4. *Live resources are in normal form.* Whatever enters a snapshot has been normalised by its
//!    kind.
//! 5. *Nothing is deleted that does not carry the stack's tags*, and every call that creates
//!    something carries them.
//! 6. *Only [`cli`] prints, asks and ends the program.*
//!
//! `tests/it/tidy.rs` and `.clippy.toml` hold what of this can be read off the code.

pub mod apply;
pub mod aws;
pub mod cli;
pub mod cloud;
pub mod collector;
pub mod ecs_shape;
pub mod file;
pub mod kinds;
pub mod load;
pub mod model;
pub mod plan;
pub mod progress;
pub mod saved;
pub mod show;
pub mod snapshot;
pub mod stack;
pub mod testing;
pub mod write;

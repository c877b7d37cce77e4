//! Questions that are asked before AWS has said who is asking.
//!
//! The first call to each service finds out where the service is and connects to it, which takes
//! longer than the call itself. What a run asks in any case, whoever asks it, is asked at once; the
//! first reading takes the answers.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{task::JoinHandle, time::Instant};

use crate::{aws::Aws, model::call::CallError};

/// For how long an answer is as good as a new one.
const FRESH: Duration = Duration::from_secs(10);

/// What was asked early and is not taken yet. Clones are handles of the same.
#[derive(Clone, Default)]
pub(crate) struct Early(Arc<Mutex<BTreeMap<String, Asked>>>);

/// A question that was asked.
struct Asked {
    at: Instant,
    /// A `JoinHandle` of what the question is answered with.
    answer: Box<dyn Any + Send>,
}

type Answer<T> = JoinHandle<Result<T, CallError>>;

impl fmt::Debug for Early {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Early").finish_non_exhaustive()
    }
}

impl Early {
    fn put<T: Send + 'static>(&self, question: String, answer: Answer<T>) {
        let asked = Asked {
            at: Instant::now(),
            answer: Box::new(answer),
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(question, asked);
    }

    /// The answer to `question`, if it was asked a moment ago. Nobody else gets it again: who asks
    /// later wants to know what is then.
    fn take<T: Send + 'static>(&self, question: &str) -> Option<Answer<T>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = all.remove(question)?;
        let answer = asked.answer.downcast::<Answer<T>>().ok()?;
        if asked.at.elapsed() > FRESH {
            answer.abort();
            return None;
        }
        Some(*answer)
    }
}

impl Aws {
    /// Asks `question` now, so that [`Self::answer`] finds an answer to it.
    pub(crate) fn ask_early<T, F>(&self, question: impl Into<String>, ask: impl FnOnce(Self) -> F)
    where
        T: Send + 'static,
        F: Future<Output = Result<T, CallError>> + Send + 'static,
    {
        let answer = tokio::spawn(ask(self.clone()));
        self.early.put(question.into(), answer);
    }

    /// The answer to `question`: the early one, if there is one, or else what `ask` finds out.
    pub(crate) fn answer<'a, T: Send + 'static>(
        &self,
        question: impl Into<String>,
        ask: impl Future<Output = Result<T, CallError>> + Send + 'a,
    ) -> impl Future<Output = Result<T, CallError>> + Send + 'a {
        let early = self.early.take(&question.into());
        async move {
            match early {
                Some(early) => match early.await {
                    Ok(answer) => answer,
                    // Nothing but its age ends it early, so the only other outcome is a panic,
                    // which goes on here.
                    Err(stop) => resume_unwind(stop.into_panic()),
                },
                None => ask.await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::aws::script::{Answer, Script};

    use super::*;

    async fn answer(aws: &Aws, question: &'static str) -> u32 {
        aws.answer(question, async { Ok(2) }).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_early_answer_is_taken_once_and_only_for_a_while() {
        let aws = Script::new(|_| Answer::ok("{}")).aws();
        assert_eq!(answer(&aws, "a").await, 2);
        aws.ask_early("a", |_| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(1_u32)
        });
        assert_eq!(answer(&aws, "b").await, 2, "another question");
        assert_eq!(answer(&aws.clone(), "a").await, 1);
        assert_eq!(answer(&aws, "a").await, 2, "it was taken");
        aws.ask_early("a", |_| async { Ok(1_u32) });
        tokio::time::sleep(FRESH + Duration::from_millis(1)).await;
        assert_eq!(answer(&aws, "a").await, 2, "it is old");
    }
}

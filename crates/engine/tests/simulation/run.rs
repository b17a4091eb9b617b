//! One run from its seed to its end.

use std::sync::{Arc, Mutex, PoisonError};

use engine::EngineResult;
use engine::verifying::verify;
use testkit::faults::{Task, side_by_side};

use crate::generate::Generator;
use crate::scene::{abroad, customers, organisations, subscriptions};
use crate::step::{Act, Answer, Step};
use crate::stores::Stores;
use crate::witness::Witness;

/// What was done, to be shown where it fails.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    fn add(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }
}

/// Runs a seed and checks everything after each step; answers who looked at it all.
pub(crate) async fn run(stores: &Stores, seed: u64, step_count: usize, trace: &Trace) -> Witness {
    let mut generator = Generator::new(seed);
    stores.ledger.save_organisations(&organisations()).await.unwrap();
    stores.ledger.save_customers(&customers()).await.unwrap();
    stores.ledger.save_subscriptions(&subscriptions()).await.unwrap();
    let mut witness = Witness::default();
    for act in generator.first_lists() {
        let step = Step { now: generator.now(), acts: vec![act], fault: None };
        take(stores, &mut generator, &mut witness, &step, trace).await;
    }
    for number in 1..=step_count {
        let step = generator.step(&witness.model);
        trace.add(format!("{number}. {} {:?} {:?}", step.now, step.acts, step.fault));
        take(stores, &mut generator, &mut witness, &step, trace).await;
        if number % 50 == 0 {
            witness.look_at_everything(stores).await;
        }
    }
    witness.look_at_everything(stores).await;
    let verification = verify(&stores.witness(), &|_| {}).await.unwrap();
    assert_eq!(verification.findings, [], "INV-5");
    witness
}

/// One step by a new process, which sweeps first what others left behind.
async fn take(stores: &Stores, generator: &mut Generator, witness: &mut Witness, step: &Step, trace: &Trace) {
    engine::storing::sweep(&stores.witness()).await.unwrap();
    let is_abroad = step.acts.iter().any(|act| matches!(act, Act::Restate { is_abroad: true, .. }));
    if is_abroad {
        stores.ledger.save_organisations(&abroad()).await.unwrap();
    }
    stores.faults.plan(step.fault);
    let books = stores.process();
    let tasks: Vec<Task<'_, EngineResult<Answer>>> =
        step.acts.iter().map(|act| Box::pin(act.perform(&books, step.now)) as Task<'_, _>).collect();
    let choose = |count: usize| if count == 1 { 0 } else { generator.chance.below(count) };
    let answers = side_by_side(&stores.faults, tasks, choose).await;
    if is_abroad {
        stores.ledger.save_organisations(&organisations()).await.unwrap();
    }
    for answer in &answers {
        trace.add(format!("    {}", told(answer.as_ref())));
    }
    witness.judge(stores, step, &answers).await;
}

fn told(answer: Option<&EngineResult<Answer>>) -> String {
    match answer {
        None => "died".to_owned(),
        Some(Err(error)) => format!("{}: {}", error.code, error.message),
        Some(Ok(Answer::Printed(bytes))) => format!("printed {} bytes", bytes.len()),
        Some(Ok(Answer::Closed { closings, .. })) => {
            let told = closings.iter().map(|closing| format!("{} {:?}", closing.party, closing.outcome));
            told.collect::<Vec<_>>().join(", ")
        }
        Some(Ok(Answer::Imported(report))) => {
            let codes: Vec<&str> = report.quarantined.iter().map(|line| line.code.as_str()).collect();
            format!("accepted {}, duplicate {}, set aside {codes:?}", report.accepted, report.duplicate)
        }
        Some(Ok(other)) => format!("{other:?}"),
    }
}

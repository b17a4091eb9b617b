use billing::ports::{Ledger, StoredBudget};

use crate::world::{World, customer, id};

fn budget(of: &str, amount: &str, at: &str) -> StoredBudget {
    StoredBudget { customer: of.parse().unwrap(), amount: amount.parse().unwrap(), changed_at: at.parse().unwrap() }
}

#[tokio::test]
async fn a_customer_has_one_budget_or_none() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let customers = [customer("a", "party-1"), customer("b", "party-1"), customer("c", "party-2")];
    ledger.save_customers(&customers).await.unwrap();
    let first = budget("a", "100", "2026-11-10T12:00:00Z");
    let exact = budget("b", "12345678901234567890.0123456789", "2026-11-10T12:00:00.5Z");
    let others = budget("c", "0", "2026-11-11T12:00:00Z");
    for one in [&others, &exact, &first] {
        ledger.set_budget(one).await.unwrap();
    }
    assert_eq!(ledger.budgets(&id("party-1")).await.unwrap(), [first, exact.clone()]);
    let changed = budget("a", "99.5", "2026-11-12T12:00:00Z");
    ledger.set_budget(&changed).await.unwrap();
    assert_eq!(ledger.budget(&changed.customer).await.unwrap(), Some(changed.clone()));
    for _ in 0..2 {
        ledger.remove_budget(&changed.customer).await.unwrap();
        assert_eq!(ledger.budget(&changed.customer).await.unwrap(), None);
    }
    assert_eq!(world.second().await.budgets(&id("party-1")).await.unwrap(), [exact]);
    assert_eq!(ledger.budgets(&id("party-2")).await.unwrap(), [others]);
    assert!(ledger.set_budget(&budget("nobody", "1", "2026-11-11T12:00:00Z")).await.is_err());
    assert!(ledger.integrity().await.unwrap().is_empty());
}

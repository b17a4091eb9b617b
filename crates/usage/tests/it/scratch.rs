use crate::samples::*;
#[test]
fn keep_files() {
    let mut world = World::new(100);
    world.import(&[own("r-1", 0, "2026-09-14", "24.5"), row("2026-09-15", "1"), full("r-2")]);
    world.import(&[own("r-3", 0, "2026-09-14", "1.123456789"), own("r-1", 1, "2026-09-14", "7")]);
    world.import(&[own("r-4", 0, "2026-09-14", "3")]);
    let w = std::mem::ManuallyDrop::new(world);
    let _ = std::fs::remove_dir_all("/tmp/usage_sample");
    std::fs::rename(w.root.path(), "/tmp/usage_sample").unwrap();
}

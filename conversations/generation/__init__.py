"""How an answer is made: runner, checkpoints, reaper, and the hub that shows it to whoever looks on."""

// Loaded by every service that a test or a benchmark starts: when that process dies, however it does, the service ends too. Else it would
// live on and start containers anew that somebody removes.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

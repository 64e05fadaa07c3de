/**
 * The file that the thread pool loads in each actor thread. It is CommonJS because the pool requires it:
 * a thread that is ended while it *requires* an ES module takes the whole process with it (Node 20
 * aborts in `ModuleWrap::InstantiateSync`), and one that is ended while it imports does not.
 */
module.exports = {
  runSeat: async (task: never): Promise<unknown> => {
    const { runSeat } = await import('./thread-entry.js');
    return runSeat(task);
  },
};

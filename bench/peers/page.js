/** Starts one peer with what the address says, and keeps what it told. */

/** @param {(options: object) => object | Promise<object>} start the peer's adapter */
export async function run(start) {
  const query = new URLSearchParams(location.search);
  const ms = (name) => Number(query.get(name));
  const now = () => performance.timeOrigin + performance.now();
  const bench = { state: 'active', states: [], ends: [], leads: [] };
  window.bench = bench;
  let token = query.get('token');
  if (query.has('later')) {
    // Fifty tabs take half a minute to open; they are to begin at one moment, with a fresh token.
    const told = new Promise((begin) => Object.assign(bench, { begin }));
    bench.loaded = true;
    token = await told;
  }
  bench.peer = await start({
    idleMs: ms('idleMs'),
    warnMs: ms('warnMs'),
    keepAliveMs: ms('keepAliveMs'),
    token,
    keepAliveUrl: `/keepalive${location.search}`,
    authority: location.origin,
    issuer: `${location.origin}/issuer`,
    onState(state) {
      bench.state = state;
      bench.states.push({ at: now(), state });
    },
    onEnd: (because) => bench.ends.push({ at: now(), because }),
    onLead: () => bench.leads.push(now()),
  });
  bench.ready = true;
}

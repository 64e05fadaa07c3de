import { test, expect } from 'vitest';
import { Watched } from './watched.ts';
test('smoke', () => {
  const w = new Watched({ kind: 'sharded', command: ['x'], shards: 4, health: { readiness: { http: '/r', period: '1s' } } });
  w.run(40_000);
  console.log(w.versions(), w.record.ring?.generation, w.record.ring?.members.length);
  const t = (n: string) => { const a = process.cpuUsage(); w.run(100_000); const b = process.cpuUsage(a); console.log(n, b.user / 1e5, 'ms/100 passes'); };
  t('idle');
  w.want({who:'operator',service:'shop',act:{kind:'setDemand',count:3},priority:'shrink',why:'x',inputs:[],alternatives:[],expiresMs:9e15});
  w.run(60_000);
  console.log(w.versions(), w.record.slots.size, w.record.instances.size, w.record.ring?.generation, w.record.ring?.members.length);
  w.want({who:'operator',service:'shop',act:{kind:'setDemand',count:6},priority:'safety',why:'x',inputs:[],alternatives:[],expiresMs:9e15});
  w.run(60_000);
  console.log(w.versions(), w.record.slots.size, w.record.instances.size, w.record.ring?.generation, w.record.ring?.members.length, w.record.controllers, w.monitor.unsettledForMs(w.nowMs));
  w.expectSound();
});

/** The types of the package alone, as a user's compiler reads them that skips none. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, test } from 'node:test';
import { pack } from '../../scripts/lib/package.mjs';
import { packed } from '../../scripts/lib/project.mjs';
import { nodeTool, run } from '../../scripts/lib/run.mjs';
import { filesIn } from '../../scripts/lib/steps.mjs';

before(pack);

for (const module of ['nodenext', 'preserve']) {
  test(`the types of every entry compile with module ${module}`, async () => {
    const files = filesIn([path.join(packed, 'dist')]).filter((file) => file.endsWith('.d.ts'));
    assert.ok(files.length > 5);
    const { command, script } = nodeTool('typescript/bin/tsc');
    const lib = ['--target', 'es2022', '--lib', 'es2022,dom,dom.iterable'];
    const flags = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', 'false', ...lib];
    const args = [script, ...flags, '--module', module, ...files];
    const { code, text } = await run(command, args, { output: 'keep' });
    assert.equal(code, 0, text);
  });
}

/**
 * Policies by the form of the administrator's page: a change reaches the authority and says whom it
 * concerns, a refusal stands at its field, and nobody's change is overwritten unasked.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onAdminPage } from './lib/admin-page.mjs';
import { onSite } from './lib/embed.mjs';

const at = onAdminPage();

test('a change by the form says whom it concerns and reaches the authority', async () => {
  const token = await at.authority.token('ann');
  await at.ui.signIn();
  await at.ui.go('policy/users/ann');
  await at.ui.fill('#idle_timeout_ms', '10');
  await at.page.select('#mode', '2');
  await at.ui.fill('#logout_daily', '0600PM');
  await at.ui.press('Save');
  await at.ui.shows('Idle timeout: not set → 10 minutes', '#ask');
  await at.ui.shows('It applies at once to 1 live session', '#ask');
  await at.ui.press('Save', '#ask');
  await at.ui.shows('Saved', '#said');
  const { policy } = await (await at.standing(token)).json();
  assert.equal(policy.idle_timeout_ms, 600_000);
  assert.equal(policy.mode, 'observe');
  const layer = await at.read('policy/users/ann');
  assert.equal(layer.logout_daily.time, '18:00');
  await at.ui.shows('set for this user', '.detail');
  await at.ui.press('Remove this policy');
  await at.ui.press('Remove', '#ask');
  await at.page.waitForFunction("document.querySelector('#idle_timeout_ms').value === ''");
  assert.equal((await at.admin('GET', 'policy/users/ann')).status, 404);
});

test('what the form does not know is kept', async () => {
  const shift = { ends_at: '2099-11-26T17:00:00Z', grace_ms: 0 };
  await at.write('users/ann', { shift, idle_timeout_ms: 100_000 });
  await at.ui.signIn();
  await at.ui.go('policy/users/ann');
  await at.ui.shows('Also set, and kept as it is: End of the shift');
  await at.page.click('#api_rules');
  await at.page.type('#api-include', 'POST /api/**\n/api/orders/*');
  await at.ui.press('Save');
  await at.ui.shows('API calls that count: not set → POST /api/**, /api/orders/*', '#ask');
  await at.ui.press('Save', '#ask');
  await at.ui.shows('Saved', '#said');
  const ann = await at.read('policy/users/ann');
  assert.deepEqual(ann.shift, shift);
  assert.equal(ann.idle_timeout_ms, 100_000, 'not rounded to what was shown');
  assert.deepEqual(ann.api_rules.include, ['POST /api/**', '/api/orders/*']);
});

test('what a desktop app tells counts, and a locked screen ends, where the form says so', async () => {
  const token = await at.authority.token('ann');
  const rules = async () => (await (await at.standing(token)).json()).policy;
  const usual = { keystrokes: true, clicks: true, heartbeats: true, system: false };
  assert.deepEqual((await rules()).counts, usual);
  assert.equal((await rules()).on_lock, 'nothing');
  await at.ui.signIn();
  await at.ui.go('policy');
  await at.page.waitForSelector('[data-field="counts"] [value="system"]:disabled');
  await at.page.click('#counts');
  await at.page.click('[data-field="counts"] [value="system"]');
  await at.page.select('#on_lock', '2');
  await at.ui.press('Save', '.policy-form');
  await at.ui.shows('What counts as activity: not set → keystrokes, clicks, ', '#ask');
  await at.ui.shows('and input in other programs', '#ask');
  const lock = 'When the screen is locked: not set → warn, then end the session';
  await at.ui.shows(lock, '#ask');
  await at.ui.press('Save', '#ask');
  await at.ui.shows('Saved', '#said');
  assert.deepEqual((await rules()).counts, { ...usual, system: true });
  assert.equal((await rules()).on_lock, 'warn');
  // Back to what is below.
  await at.page.click('#counts');
  await at.page.select('#on_lock', '0');
  await at.ui.press('Save', '.policy-form');
  await at.ui.press('Save', '#ask');
  await at.ui.shows('0 values', '.layers');
  assert.deepEqual((await at.read('policy')).organization, {});
});

test('what the authority refuses is said at the field', async () => {
  await at.ui.signIn();
  await at.ui.go('policy');
  for (const [field, text, says] of [
    ['idle_timeout_ms', '481', 'It must be between 1 second and 8 hours.'],
    ['max_hold_ms', '1441', 'It must be between 0 seconds and 24 hours.'],
  ]) {
    await at.ui.fill(`#${field}`, String(text));
    await at.ui.press('Save', '.policy-form');
    await at.ui.press('Save', '#ask');
    await at.ui.shows(String(says), `[data-field="${field}"] .error`);
    assert.equal(await at.page.evaluate('document.activeElement.id'), field);
    await at.ui.fill(`#${field}`, '');
  }
  await at.page.click('#api_rules');
  await at.page.type('#api-exclude', 'no-pattern');
  await at.ui.press('Save', '.policy-form');
  await at.ui.press('Save', '#ask');
  await at.ui.shows('patterns such as', '[data-field="api_rules"] .error');
  assert.deepEqual((await at.read('policy')).organization, {});
});

test('a group without a priority is refused at that field', async () => {
  await at.ui.signIn();
  await at.ui.go('policy/groups/day');
  await at.ui.fill('#idle_timeout_ms', '7');
  await at.ui.press('Save', '.policy-form');
  await at.ui.press('Save', '#ask');
  await at.ui.shows('give the group 1 to 5', '[data-field="priority"] .error');
  await at.ui.fill('#priority', '3');
  await at.ui.press('Save', '.policy-form');
  await at.ui.press('Save', '#ask');
  await at.ui.shows('priority 3, 1 value', '.layers');
  assert.equal((await at.read('policy')).groups.day.idle_timeout_ms, 420_000);
});

test('a change that somebody else was faster with overwrites nothing unasked', async () => {
  await at.ui.signIn();
  await at.ui.go('policy');
  await at.ui.fill('#idle_timeout_ms', '10');
  await at.write('organization', { idle_timeout_ms: 1_200_000 });
  await at.ui.press('Save', '.policy-form');
  await at.ui.press('Save', '#ask');
  await at.ui.shows('somebody else changed', '.trouble');
  await at.ui.shows('Idle timeout: not set → 20 minutes', '.trouble');
  assert.equal((await at.read('policy')).organization.idle_timeout_ms, 1_200_000);
  await at.ui.press('Keep mine and look again');
  await at.ui.press('Save', '.policy-form');
  await at.ui.shows('Idle timeout: 20 minutes → 10 minutes', '#ask');
  await at.ui.press('Save', '#ask');
  await at.ui.shows('Saved', '#said');
  await at.write('organization', { idle_timeout_ms: 1_800_000 });
  await at.ui.fill('#idle_timeout_ms', '12');
  await at.ui.press('Save', '.policy-form');
  await at.ui.press('Save', '#ask');
  await at.ui.press('Load their values');
  await at.page.waitForFunction("document.querySelector('#idle_timeout_ms').value === '30'");
});

test('a page of another origin that is allowed may write as well', async () => {
  await at.page.goto(`${onSite(at.authority.base, 'crm')}/admin/`);
  await at.page.click('.elsewhere summary');
  await at.page.type('#base', at.authority.base);
  await at.ui.signIn();
  await at.ui.go('policy');
  await at.ui.fill('#idle_timeout_ms', '9');
  await at.ui.press('Save', '.policy-form');
  await at.ui.press('Save', '#ask');
  await at.ui.shows('Saved', '#said');
  assert.equal((await at.read('policy')).organization.idle_timeout_ms, 540_000);
});

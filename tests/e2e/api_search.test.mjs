/* SPDX-License-Identifier: MIT
 *
 * GET /v1/concerts?q=: any part of a concert's name or its category's.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertInvalid } from './lib/asserts.mjs';
import { World, expectStatus } from './lib/world.mjs';

const CATEGORIES = ['뮤지컬', 'Classical Music', 'Stand-up', '연극 & Drama', '100% Live', '쇼 🎪'];

const NAMES = [
  '봄의 제전', '오페라의 유령', '한국의 소리', 'ㅋㅋㅋ 코미디 쇼', 'ㅠㅠ 눈물의 밤', 'ㅎㅏㄴㅏ 두울',
  'Yo-Yo Ma: Bach Suites', 'BACH marathon', 'rock & roll + blues', 'AC/DC Tribute', '50% off night', '100 percent',
  "Rock 'n' Roll", 'The "Best" Of', 'back\\slash', 'a_b under_score', '; DROP TABLE concerts; --', '<b>bold</b> night',
  '🎻 Violin Gala', '👨‍👩‍👧 Family Day', '❤️ Love Songs', 'Ｆｕｌｌ Ｗｉｄｔｈ', 'ﾊﾟｰﾃｨｰ ナイト', '東京 Jazz 夜',
  'Größe', 'STRASSENFEST', 'Straße der Lieder', 'İstanbul Geceleri', 'Café Müller', 'Cafe\u0301 chantant',
  'ΟΔΥΣΣΕΙΑ', 'Война и мир', 'حفل موسيقي', 'कथक', 'x',
];

/** For texts on which it agrees with NFKC_Casefold: no ß, final sigma or invisible characters. */
const plain = (text) => text.normalize('NFKC').toLowerCase();

/** What people take for one: of ﾊﾟ or e with an accent no half is a letter. */
const charactersOf = (text) => [...new Intl.Segmenter('ko', { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment);

describe('search', () => {
  let world;
  let concerts; /* newest first: {id, name, category} */
  const categories = [];
  before(async () => {
    world = await World.start({ args: ['--rate-limit', '0'] });
    for (const name of CATEGORIES)
      categories.push(await world.category(name));
    concerts = [];
    for (let i = 0; i < NAMES.length; i++) {
      const category = categories[i % categories.length];
      const { id } = await world.concert({ name: NAMES[i], categoryId: category.id });
      concerts.unshift({ id, name: NAMES[i], category });
    }
  });
  after(async () => { await world?.stop(); });

  const pathOf = (params) => `/v1/concerts?${Object.entries(params).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;

  /** Every page. */
  async function find(params) {
    const items = [];
    let cursor = null;
    do {
      const page = expectStatus(await world.client.get(pathOf({ limit: 100, ...params, ...(cursor ? { cursor } : {}) })), 200);
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  }

  const names = async (q, more = {}) => (await find({ q, ...more })).map((item) => item.name);

  async function expectFound(q, wanted, more = {}) {
    assert.deepEqual((await names(q, more)).sort(), [...wanted].sort(), `q=${q}`);
  }

  it('finds every part of every name and category, in any case', async () => {
    for (const concert of concerts) {
      const characters = charactersOf(concert.name);
      for (const q of [concert.name, concert.name.toUpperCase(), concert.name.toLowerCase(), concert.category.name, characters[0], characters.at(-1),
        characters.slice(1, 3).join(''), characters.slice(-2).join(''), characters[Math.floor(characters.length / 2)]]) {
        if (q === '')
          continue;
        const found = await find({ q });
        assert.ok(found.some((item) => item.id === concert.id), `q=${q} does not find ${concert.name}`);
        const ids = found.map((item) => Number(item.id));
        assert.deepEqual(ids, [...ids].sort((a, b) => b - a), 'newest first');
        assert.equal(new Set(ids).size, ids.length);
      }
    }
  });

  it('finds what NFKC and small letters find, and nothing else', async () => {
    const texts = [...new Set(NAMES.concat(CATEGORIES).join(' ').split(/\s+/))].flatMap((word) => [word, word.slice(0, 2), word.slice(-3), [...word][0]]);
    const odd = /[ßẞς\u200d\ufe0fㄱ-ㆎİ\p{Cs}]/u; /* where JavaScript's folding differs, and halves of pairs */
    let compared = 0;
    for (const q of new Set(texts.concat(['zz', '가', 'é', '_', '%', '&', ' ', '0', 'ss', '京', '的', 'ᄏ']))) {
      if (q === '' || odd.test(q) || q.endsWith('σ') || /σ$/u.test(plain(q)))
        continue;
      const wanted = concerts.filter(({ name, category }) => !odd.test(name) && (plain(name).includes(plain(q)) || plain(category.name).includes(plain(q))));
      const got = (await find({ q })).filter((item) => !odd.test(item.name));
      assert.deepEqual(got.map((item) => item.id), wanted.map((item) => item.id), `q=${q}`);
      compared++;
    }
    assert.ok(compared > 80, `${compared} texts`);
  });

  it('takes signs as they are', async () => {
    await expectFound('50%', ['50% off night']);
    await expectFound('%off', []);
    await expectFound("'n'", ["Rock 'n' Roll"]);
    await expectFound('"Best"', ['The "Best" Of']);
    await expectFound('\\', ['back\\slash']);
    await expectFound('a_b', ['a_b under_score']);
    await expectFound('; drop table', ['; DROP TABLE concerts; --']);
    await expectFound('<b>', ['<b>bold</b> night']);
    await expectFound('.*', []);
    await expectFound('\u0000', []);
  });

  it('folds case, width and composition', async () => {
    await expectFound('bach', ['BACH marathon', 'Yo-Yo Ma: Bach Suites']);
    await expectFound('full width', ['Ｆｕｌｌ Ｗｉｄｔｈ']);
    await expectFound('ｂａｃｈ', ['BACH marathon', 'Yo-Yo Ma: Bach Suites']);
    await expectFound('パーティー', ['ﾊﾟｰﾃｨｰ ナイト']);
    await expectFound('ﾅｲﾄ', ['ﾊﾟｰﾃｨｰ ナイト']);
    await expectFound('strasse', ['STRASSENFEST', 'Straße der Lieder']);
    await expectFound('STRAẞE', ['STRASSENFEST', 'Straße der Lieder']);
    await expectFound('ße', ['Größe', 'STRASSENFEST', 'Straße der Lieder']);
    await expectFound('café', ['Café Müller', 'Cafe\u0301 chantant']);
    await expectFound('CAFE\u0301', ['Café Müller', 'Cafe\u0301 chantant']);
    await expectFound('οδυσσεια', ['ΟΔΥΣΣΕΙΑ']);
    await expectFound('ВОЙНА', ['Война и мир']);
    await expectFound('i\u0307stanbul', ['İstanbul Geceleri']);
    await expectFound('istanbul', []);
    await expectFound('한국'.normalize('NFD'), ['한국의 소리']);
  });

  it('finds jamo by themselves, as they are seen', async () => {
    await expectFound('ㅋ', ['ㅋㅋㅋ 코미디 쇼']);
    await expectFound('ㅋㅋ', ['ㅋㅋㅋ 코미디 쇼']);
    await expectFound('ㅋㅋㅋㅋ', []);
    await expectFound('ㅠ', ['ㅠㅠ 눈물의 밤']);
    for (const q of ['ㅎ', 'ㅏ', 'ㄴ', 'ㅏㄴ', 'ㅎㅏㄴㅏ', '하나'])
      await expectFound(q, ['ㅎㅏㄴㅏ 두울']);
  });

  it('finds emoji, with and without what can not be seen', async () => {
    await expectFound('🎻', ['🎻 Violin Gala']);
    await expectFound('❤', ['❤️ Love Songs']);
    await expectFound('❤️', ['❤️ Love Songs']);
    await expectFound('👨‍👩‍👧', ['👨‍👩‍👧 Family Day']);
    await expectFound('👧', ['👨‍👩‍👧 Family Day']);
    await expectFound('🎸', []);
  });

  it('a text that can not be seen filters nothing', async () => {
    for (const q of ['\u200b', '\u00ad\ufe0f', 'ㅤ'])
      assert.equal((await find({ q })).length, concerts.length);
  });

  it('a plus is a space, an encoded one is a plus', async () => {
    const ids = async (query) => expectStatus(await world.client.get(`/v1/concerts?${query}`), 200).items.map((item) => item.name);
    assert.deepEqual(await ids('q=rock+%26+roll'), ['rock & roll + blues']);
    assert.deepEqual(await ids('q=%2B+b'), ['rock & roll + blues']);
    assert.deepEqual(await ids(new URLSearchParams({ q: 'roll + blues' }).toString()), ['rock & roll + blues']);
    assert.deepEqual(await ids('q=봄의'.replace(/[^ -~]+/g, encodeURIComponent)), ['봄의 제전']);
  });

  it('a category and a text narrow each other', async () => {
    for (const category of categories) {
      const wanted = concerts.filter((concert) => concert.category.id === category.id);
      assert.deepEqual((await find({ category: category.id })).map((item) => item.id), wanted.map((item) => item.id));
      assert.deepEqual((await find({ category: category.id, q: category.name })).map((item) => item.id), wanted.map((item) => item.id));
      assert.deepEqual((await find({ category: category.id, q: 'night' })).map((item) => item.id),
        wanted.filter((concert) => plain(concert.name).includes('night')).map((item) => item.id));
    }
    assert.deepEqual(await find({ category: 9999, q: 'bach' }), []);
    assert.deepEqual(await find({ category: 4294967295 }), []);
  });

  it('what is not 1 to 200 bytes of UTF-8 is refused', async () => {
    for (const query of ['q=', 'q', 'q=%FF', 'q=%EB%AE', 'q=%', 'q=%zz', `q=${'a'.repeat(201)}`, `q=${encodeURIComponent('뮤'.repeat(67))}`, 'q=a&q=b'])
      assertInvalid(await world.client.get(`/v1/concerts?${query}`), ['q']);
    assertInvalid(await world.client.get('/v1/concerts?q=&limit=0'), ['q', 'limit']);
    assertInvalid(await world.client.get('/v1/categories?q=a'), ['q']);
    assert.deepEqual(await names('뮤'.repeat(66)), []);
    assert.deepEqual(await names('a'.repeat(200)), []);
  });

  it('a concert is found as soon as it is made, by those who were told', async () => {
    for (let i = 0; i < 20; i++) {
      const { id } = await world.concert({ name: `Fresh №${i}.` });
      assert.deepEqual((await find({ q: `FRESH NO${i}.` })).map((item) => item.id), [id]);
      concerts.unshift({ id, name: `Fresh №${i}.`, category: world.sharedCategory });
    }
  });

  it('pages stay right while concerts are added', async () => {
    const wanted = [];
    for (let i = 0; i < 15; i++) {
      wanted.unshift((await world.concert({ name: `Serie ${i}` })).id);
      await world.concert({ name: `between ${i}` });
    }
    for (const limit of [1, 2, 7, 15, 100]) {
      const seen = [];
      let cursor = null;
      let empty = 0;
      do {
        const page = expectStatus(await world.client.get(pathOf({ q: 'sERIE ', limit, ...(cursor ? { cursor } : {}) })), 200);
        assert.ok(page.items.length <= limit);
        empty += page.items.length === 0;
        seen.push(...page.items.map((item) => item.id));
        cursor = page.nextCursor;
        await world.concert({ name: `Serie later ${seen.length}` });
      } while (cursor !== null);
      assert.equal(empty, 0, 'no page was empty');
      const first = Number(wanted[0]);
      assert.deepEqual(seen.filter((id) => Number(id) <= first), wanted);
      assert.ok(seen.length - wanted.length <= 200);
    }
  });
});

// Reads DICOM results with dcmjs, OHIF's reader, and prints what a viewer would show as JSON.
// node read.mjs NODE_MODULES seg.dcm sr.dcm
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const [modules, seg, sr] = process.argv.slice(2);
const dcmjs = createRequire(path.join(modules, 'x.js'))('dcmjs');
dcmjs.log.setLevel?.('error');

function read(file) {
  const bytes = readFileSync(file);
  const data = dcmjs.data.DicomMessage.readFile(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return dcmjs.data.DicomMetaDictionary.naturalizeDataset(data.dict);
}

const list = one => (one === undefined ? [] : Array.isArray(one) ? one : [one]);
const first = one => list(one)[0];
const code = item => first(item.ConceptNameCodeSequence)?.CodeValue;

function segments(data) {
  const bits = new Uint8Array(dcmjs.data.BitArray.unpack(first(data.PixelData)));
  const size = data.Rows * data.Columns;
  const voxels = {};
  const names = Object.fromEntries(list(data.SegmentSequence).map(one => [one.SegmentNumber, one.SegmentLabel]));
  const shared = first(data.SharedFunctionalGroupsSequence);
  list(data.PerFrameFunctionalGroupsSequence).forEach((group, n) => {
    const where = first(group.SegmentIdentificationSequence) ?? first(shared.SegmentIdentificationSequence);
    const name = names[where.ReferencedSegmentNumber];
    const frame = bits.subarray(n * size, (n + 1) * size);
    voxels[name] = (voxels[name] ?? 0) + frame.reduce((sum, bit) => sum + (bit ? 1 : 0), 0);
  });
  return voxels;
}

function groups(data) {
  const measured = list(data.ContentSequence).find(item => code(item) === '126010');
  return list(measured.ContentSequence)
    .filter(item => code(item) === '125007')
    .map(group => {
      const items = list(group.ContentSequence);
      const numbers = items.filter(item => item.ValueType === 'NUM');
      const drawn = numbers.flatMap(item => list(item.ContentSequence).filter(one => one.ValueType === 'SCOORD'));
      return {
        uid: items.find(item => item.ValueType === 'UIDREF').UID,
        comment: items.find(item => code(item) === '121106').TextValue,
        numbers: Object.fromEntries(numbers.map(item => [code(item), Number(first(item.MeasuredValueSequence).NumericValue)])),
        image: first(first(first(drawn)?.ContentSequence)?.ReferencedSOPSequence)?.ReferencedSOPInstanceUID,
        points: (first(drawn)?.GraphicData.length ?? 0) / 2,
      };
    });
}

console.log(JSON.stringify({ segments: segments(read(seg)), groups: groups(read(sr)) }));

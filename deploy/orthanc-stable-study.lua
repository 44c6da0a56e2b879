-- Sends every MR or CT study that has come in whole to `gluteal-grade pacs receive` (docs/howto/mercure.md).
-- The receiver is the modality "gluteal_grade" of Orthanc's settings. Our own results (SEG, SR, SC) are not sent round again.

local TARGET = 'gluteal_grade'
local OURS = 'gluteal_grade'

function OnStableStudy(studyId, tags, metadata)
   for _, seriesId in pairs(ParseJson(RestApiGet('/studies/' .. studyId))['Series']) do
      local series = ParseJson(RestApiGet('/series/' .. seriesId))
      local modality = series['MainDicomTags']['Modality']
      local maker = series['MainDicomTags']['Manufacturer'] or ''
      if (modality == 'MR' or modality == 'CT') and string.find(maker, OURS, 1, true) == nil then
         RestApiPost('/modalities/' .. TARGET .. '/store', seriesId)
      end
   end
end

# The fuzz targets carry the readers of files whole, and of the other kinds a few components each:
# enough for a study that trains, prunes and evaluates. Compiling all would take longer and make each
# execution no better.
set(ASSAY_FUZZED
  nn/.*
  datasets/arff|arrays|csv|dataset|delimited|digits|file|idx|iris|npz|parse_.*|safetensors|table|tabular
  stages/evaluate|fail|import_weights|load|noop|prune|train|trainer
  models/linear|mixture_of_experts|mlp|model|moe_mlp
  objectives/classification|cross_entropy|mse
  optimizers/adam_state|adamw|sgd
  routers/choice|router|topk_softmax
  pruners/calibration|hidden_units|layer_choice|magnitude|mask|pruner|random|score_pruner|unit_pruner|wanda
  metrics/accuracy|bits_per_weight|likelihood|metric|nll|sparsity
  saes/sae
  samplers/sampler
  selectors/selector|uniform)
set(ASSAY_ALL_COMPONENTS ${ASSAY_COMPONENTS})
set(ASSAY_COMPONENTS "")
foreach(pattern ${ASSAY_FUZZED})
  string(REGEX REPLACE "/(.*)" "/(\\1)[.]cpp$" pattern ${pattern})
  set(some ${ASSAY_ALL_COMPONENTS})
  list(FILTER some INCLUDE REGEX "/components/${pattern}")
  list(APPEND ASSAY_COMPONENTS ${some})
endforeach()
# Nor do they run studies or print them.
list(FILTER ASSAY_RUNNER EXCLUDE REGEX "/runner/(analyse|cli|execute|report)/|/scaffold.cpp$")

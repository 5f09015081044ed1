// The classes of a data set cut into tasks that come one after another: the examples of task
// `task`, or of all tasks up to it. A model that goes from task to task keeps one output for every
// class, so the classes keep their numbers; `relabel` numbers those of the split anew
// (task-incremental).
#include <numeric>

#include "components/datasets/wrapper.h"

namespace assay::datasets {
namespace {

struct ClassIncremental final : Dataset {
  enum class Scope { kTask, kSeen, kAll };
  static constexpr std::string_view kScopeNames[] = {"task", "seen", "all"};
  static constexpr Info kInfo{"class-incremental", 1, "The classes of one task of several.",
                              "van de Ven and Tolias 2019, arXiv:1904.07734"};
  static constexpr std::string_view kNeutral = "@dataset";
  static constexpr std::string_view kExample = "dataset = \"iris\", tasks = 2, task = 1";
  Slot<Dataset> dataset;
  int tasks = 5;
  int task = 0;
  Scope train = Scope::kTask;
  Scope test = Scope::kSeen;
  bool relabel = false;
  bool shuffle = false;
  int draw = 0;

  static void params(Params<ClassIncremental>& p) {
    p.add("dataset", &ClassIncremental::dataset).required().doc("Whose classes.");
    p.add("tasks", &ClassIncremental::tasks)
        .range(1, 65536)
        .unit("tasks")
        .doc("Of equal numbers of classes, the first ones of one more where it does not come out.");
    p.add("task", &ClassIncremental::task).range(0, 65535).doc("Which of them, from 0.");
    p.add("train", &ClassIncremental::train, std::span(kScopeNames))
        .doc("Examples to train on: of the task, of all tasks up to it, or of all.");
    p.add("test", &ClassIncremental::test, std::span(kScopeNames))
        .doc("Examples to validate and test on.");
    p.add("relabel", &ClassIncremental::relabel)
        .doc("Whether the classes of the task count from 0; train and test are of the task then.");
    p.add("shuffle", &ClassIncremental::shuffle).doc("Whether the order of classes is drawn.");
    p.add("draw", &ClassIncremental::draw).at_least(0).doc("Which of the seeded orders.");
  }
  std::string check() const override {
    if (task >= tasks)
      return "task = " + std::to_string(task) + " is not one of the " + std::to_string(tasks) +
             " tasks, which count from 0";
    return relabel && (train != test || train == Scope::kAll)
               ? "relabel needs train and test alike, \"task\" or \"seen\""
               : "";
  }

  // The task of each class.
  std::vector<int> tasks_of_classes(int classes) const {
    std::vector<int> order(static_cast<std::size_t>(classes));
    std::iota(order.begin(), order.end(), 0);
    if (shuffle)
      Stream(0, static_cast<std::uint64_t>(draw), "class-incremental", "draw").shuffle(order);
    std::vector<int> out(order.size());
    const int each = classes / tasks, longer = classes % tasks;
    int next = 0;
    for (int t = 0; t < tasks; ++t)
      for (int i = 0; i < each + (t < longer ? 1 : 0); ++i)
        out[static_cast<std::size_t>(order[static_cast<std::size_t>(next++)])] = t;
    return out;
  }

  bool within(Scope scope, int of_class) const {
    if (scope == Scope::kTask) return of_class == task;
    return scope == Scope::kAll || of_class <= task;
  }

  void renumber(Data& data, const std::vector<int>& task_of) const {
    std::vector<std::int32_t> number(task_of.size(), -1);
    std::vector<std::string> symbols;
    std::int32_t next = 0;
    for (std::size_t c = 0; c < task_of.size(); ++c) {
      if (!within(train, task_of[c])) continue;
      number[c] = next++;
      if (!data.symbols.empty()) symbols.push_back(data.symbols[c]);
    }
    data.format.classes = next;
    data.symbols = symbols;
    data.truth.erase("clean-labels");  // they may be classes of other tasks
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
      for (auto& label : split_of(data, split).labels)
        label = number[static_cast<std::size_t>(label)];
  }

  std::shared_ptr<const Data> make() const override {
    auto out = begin_wrapper(dataset, kInfo.name);
    require_one_label(*out, kInfo.name);
    if (tasks > out->format.classes)
      throw std::runtime_error("class-incremental: " + std::to_string(tasks) +
                               " tasks are more than the " + std::to_string(out->format.classes) +
                               " classes");
    const std::vector<int> task_of = tasks_of_classes(out->format.classes);
    for (const Split split : {Split::kTest, Split::kValid, Split::kTrain}) {
      const Examples& examples = split_of(*out, split);
      const Scope scope = split == Split::kTrain ? train : test;
      std::vector<int> rows;
      for (int i = 0; i < examples.count; ++i)
        if (within(scope,
                   task_of[static_cast<std::size_t>(examples.labels[static_cast<std::size_t>(i)])]))
          rows.push_back(i);
      keep_rows(*out, split, rows);
    }
    if (relabel) renumber(*out, task_of);
    if (out->train.count == 0) throw std::runtime_error("class-incremental: no example is left");
    return out;
  }
};
ASSAY_REGISTER(Dataset, ClassIncremental);

}  // namespace
}  // namespace assay::datasets

// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/activation_checkpoint.h"

namespace dsw {

Tensor checkpoint(const Tensor& x, const std::vector<Tensor>& parameters, const std::function<Tensor(const Tensor&)>& forward,
                  std::function<Tensor(const Tensor&)> again) {
  if (!recording_gradients()) return forward(x);
  Tensor y;
  {
    const NoGradScope no_grad;
    y = forward(x);
  }
  std::vector<Tensor> inputs{x};
  inputs.insert(inputs.end(), parameters.begin(), parameters.end());
  return with_grad(y.detach(), inputs,  // detached: forward may have given x itself
                   [x = x.detach(), wanted = x.requires_grad(), parameters, again = std::move(again)](const Tensor& dy) {
                     Tensor input = x.detach();
                     if (wanted) input.set_requires_grad(true);
                     Tensor output;
                     {
                       const RecordingScope recording(true);
                       output = again(input);
                     }
                     Grads grads(1 + parameters.size());
                     if (!output.requires_grad()) return grads;
                     const Gradients found = backward(output, dy);
                     if (wanted) grads[0] = found.of(input);
                     for (std::size_t i = 0; i < parameters.size(); ++i) grads[i + 1] = found.of(parameters[i]);
                     return grads;
                   });
}

}  // namespace dsw
